//! `Settings`: what handlers may know of the configuration.
use std::{
    future::{Ready, ready},
    sync::Arc,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload};

use crate::{
    config::Config,
    error::{Error, Result},
};

/// Handler argument: the settings.
#[derive(Debug, Clone)]
pub struct Settings(pub Arc<Config>);

impl FromRequest for Settings {
    type Error = Error;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let config = req.app_data::<Arc<Config>>().cloned();
        ready(config.map(Self).ok_or_else(|| Error::internal("no Config in app_data")))
    }
}
