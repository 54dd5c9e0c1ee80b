//! Targets: a path that is taken is read as it is written, and no address has a second spelling.
use actix_web::{
    ResponseError,
    dev::Url,
    http::{StatusCode, Uri},
};
use arbitrary::{Result, Unstructured};
use broadsheet::http::target::check_path;

/// Addresses that there are, with an id where one belongs.
const ADDRESSES: [&str; 6] = [
    "/v1/page",
    "/v1/sections/0190c0de-0000-7000-8000-000000000000",
    "/manage/v1/me",
    "/manage/v1/session/refresh",
    "/problems/not-found",
    "/openapi.json",
];

/// Fails by panicking; an error says that the data ran out.
pub fn holds(u: &mut Unstructured<'_>) -> Result<()> {
    let address = *u.choose(&ADDRESSES)?;
    let spelled = respelled(u, address)?;
    if taken(&spelled) && spelled != address {
        let routed = Url::new(spelled.parse().unwrap()).path().to_owned();
        assert_ne!(routed, address, "{spelled} is taken for {address}");
    }
    assert!(taken(address));
    let any: Vec<u8> = u.arbitrary()?;
    let any: String = any.iter().map(|byte| char::from(33 + byte % 94)).collect();
    for path in [format!("/{any}"), any] {
        if taken(&path) {
            let uri: Uri = path.parse().unwrap();
            assert_eq!(uri.path(), path);
            let routed = Url::new(uri).path().to_owned();
            let address = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
            assert!(routed == path || !routed.bytes().all(address), "{path} is routed as {routed}");
        }
    }
    Ok(())
}

fn taken(path: &str) -> bool {
    match check_path(path) {
        Ok(()) => true,
        Err(refusal) => {
            let status = refusal.status_code();
            assert_eq!(status, StatusCode::BAD_REQUEST);
            false
        }
    }
}

/// The same address as it might be spelled to somebody who decodes it, perhaps more than once:
/// with escapes for any of its characters, and with segments that lead nowhere.
fn respelled(u: &mut Unstructured<'_>, address: &str) -> Result<String> {
    let mut spelled = String::new();
    for byte in address.bytes() {
        let escape =
            |upper: bool| if upper { format!("%{byte:02X}") } else { format!("%{byte:02x}") };
        let first = spelled.is_empty();
        match u.int_in_range(0..=40)? {
            // The first stroke is what makes it a path at all.
            0 if !first => spelled.push_str(&escape(u.arbitrary()?)),
            1 if !first => spelled.push_str(&escape(u.arbitrary()?).replace('%', "%25")),
            2 if byte == b'/' => spelled.push_str("/./"),
            3 if byte == b'/' => spelled.push_str("/%2e/"),
            4 if byte == b'/' => spelled.push_str("/v1/../"),
            5 if byte == b'/' => spelled.push_str("/v1/%2E./"),
            _ => spelled.push(char::from(byte)),
        }
    }
    match u.int_in_range(0..=20)? {
        0 => spelled.push_str("/."),
        1 => spelled.push_str("/x/.."),
        2 => spelled.push_str("%00"),
        _ => {}
    }
    Ok(spelled)
}
