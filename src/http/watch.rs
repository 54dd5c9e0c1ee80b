//! What is noted of every request once it has been answered.
use std::time::Instant;

use actix_web::dev::{ServiceRequest, ServiceResponse};

use super::{
    meter::Meter,
    routes::{Routes, Served},
};

/// A request under way.
pub struct Watch {
    begun: Instant,
    served: Option<Served>,
}

impl Watch {
    /// Begins with the request, before anything is done about it.
    pub fn begin(req: &ServiceRequest) -> Self {
        let begun = Instant::now();
        let routes = req.app_data::<Routes>();
        Self { begun, served: routes.and_then(|routes| routes.served(req.method(), req.path())) }
    }

    /// Notes the answer.
    pub fn end<B>(self, answer: &ServiceResponse<B>) {
        let took = self.begun.elapsed();
        if let Some(meter) = answer.request().app_data::<Meter>() {
            meter.count(self.served, answer.status(), answer.headers(), took);
        }
    }
}
