//! Content codings: which one a reader prefers, and bodies in each (RFC 9110, 8.4).
use std::io::{self, Write};

use actix_web::{
    HttpMessage,
    http::header::{self, AcceptEncoding, Encoding, Header},
};
use flate2::{Compression, write::GzEncoder};

/// A form in which a body is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coding {
    /// As it is.
    Identity,
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
    /// RFC 7932.
    Brotli,
}

/// Bodies below this many bytes are sent as they are: coding them would save no packet.
pub const CODED_FROM: usize = 1024;

/// How hard each coding tries. An answer is coded once and sent many times, while its first
/// reader waits: about half a millisecond for a page.
const GZIP: u32 = 6;
const ZSTD: i32 = 6;
const BROTLI: u32 = 5;
/// The logarithm of brotli's window, in bytes: pages are smaller than 256 KiB.
const WINDOW: u32 = 18;

impl Coding {
    /// What the reader likes best of those that the header names; among equals, the smallest.
    pub fn preferred(req: &impl HttpMessage) -> Self {
        if !req.headers().contains_key(header::ACCEPT_ENCODING) {
            return Self::Identity;
        }
        let known = [Encoding::brotli(), Encoding::zstd(), Encoding::gzip(), Encoding::identity()];
        let chosen =
            AcceptEncoding::parse(req).ok().and_then(|given| given.negotiate(known.iter()));
        match chosen {
            Some(coding) if coding == Encoding::brotli() => Self::Brotli,
            Some(coding) if coding == Encoding::zstd() => Self::Zstd,
            Some(coding) if coding == Encoding::gzip() => Self::Gzip,
            // A reader who refuses even this will understand it better than a refusal.
            _ => Self::Identity,
        }
    }

    /// As `Content-Encoding` calls it; `None` for the identity, which it leaves out.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
            Self::Brotli => Some("br"),
        }
    }

    /// The body in this coding.
    pub fn encode(self, body: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Identity => Ok(body.to_vec()),
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::new(GZIP));
                encoder.write_all(body)?;
                encoder.finish()
            }
            Self::Zstd => zstd::bulk::compress(body, ZSTD),
            Self::Brotli => {
                let mut encoder =
                    brotli::CompressorWriter::new(Vec::new(), body.len().max(1), BROTLI, WINDOW);
                encoder.write_all(body)?;
                encoder.flush()?;
                Ok(encoder.into_inner())
            }
        }
    }
}
