//! What proxies say about where a request comes from, in the one header that is believed.
//!
//! Hops come the nearest first, since each proxy appends to what it was given. `None` stands for
//! one that cannot be read: nothing beyond it can be believed either.
use std::net::{IpAddr, SocketAddr};

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

use crate::config::ClientAddressHeader;

/// The address of one hop.
type Hop = Option<IpAddr>;

/// The hops that a request has come by before it reached the proxy in front, the nearest first.
pub fn hops<'a>(
    headers: &'a HeaderMap,
    header: &ClientAddressHeader,
) -> Box<dyn Iterator<Item = Hop> + 'a> {
    match header {
        // Several lines of one name are one list (RFC 9110, 5.3).
        ClientAddressHeader::XForwardedFor => {
            Box::new(lines(headers, header::X_FORWARDED_FOR).flat_map(addresses))
        }
        ClientAddressHeader::Forwarded => Box::new(
            lines(headers, header::FORWARDED).flat_map(|line| elements(line).into_iter().rev()),
        ),
        ClientAddressHeader::Single(name) => {
            let mut values = headers.get_all(name);
            let hop = values.next().map(|value| value.to_str().ok().and_then(address));
            // Of two, nobody knows which one the proxy has written.
            Box::new(hop.map(|hop| hop.filter(|_| values.next().is_none())).into_iter())
        }
    }
}

/// The lines of a header, the last first.
fn lines(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &HeaderValue> {
    let lines: Vec<_> = headers.get_all(name).collect();
    lines.into_iter().rev()
}

/// The addresses in a line of `X-Forwarded-For`, the last first.
fn addresses(line: &HeaderValue) -> impl Iterator<Item = Hop> {
    line.as_bytes().rsplit(|byte| *byte == b',').map(|entry| address(str::from_utf8(entry).ok()?))
}

/// The `for` of each element in a line of `Forwarded` (RFC 7239, 4), in their order. A line that
/// keeps to no grammar is one element that cannot be read: where it should have been divided,
/// nobody knows.
fn elements(line: &HeaderValue) -> Vec<Hop> {
    let read = line.to_str().ok().and_then(|line| Elements { rest: line }.read());
    read.unwrap_or_else(|| vec![None])
}

/// Reads the grammar from left to right.
struct Elements<'a> {
    rest: &'a str,
}

impl<'a> Elements<'a> {
    /// `element *( "," element )`
    fn read(mut self) -> Option<Vec<Hop>> {
        let mut hops = Vec::new();
        loop {
            hops.push(self.element()?);
            if self.rest.is_empty() {
                return Some(hops);
            }
            self.take(',')?;
        }
    }

    /// `[ pair ] *( ";" [ pair ] )`; the outer `None` where it is none.
    fn element(&mut self) -> Option<Hop> {
        let (mut node, mut named) = (None, false);
        loop {
            self.skip_spaces();
            if !self.rest.is_empty() && !self.rest.starts_with([',', ';']) {
                let name = self.token()?;
                self.take('=')?;
                let value = self.value()?;
                self.skip_spaces();
                if name.eq_ignore_ascii_case("for") {
                    // No parameter may stand there twice.
                    node = if named { None } else { address(&value) };
                    named = true;
                }
            }
            if self.take(';').is_none() {
                return Some(node);
            }
        }
    }

    fn value(&mut self) -> Option<String> {
        if self.take('"').is_none() {
            return self.token().map(str::to_owned);
        }
        let mut value = String::new();
        let mut letters = self.rest.char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return Some(value);
                }
                '\\' => value.push(letters.next()?.1),
                _ => value.push(letter),
            }
        }
        None
    }

    /// One character or more of a token (RFC 9110, 5.6.2).
    fn token(&mut self) -> Option<&'a str> {
        let ends = |c: char| !c.is_ascii_alphanumeric() && !"!#$%&'*+-.^_`|~".contains(c);
        let end = self.rest.find(ends).unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(token).filter(|token| !token.is_empty())
    }

    fn take(&mut self, letter: char) -> Option<()> {
        self.rest = self.rest.strip_prefix(letter)?;
        Some(())
    }

    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }
}

/// An address as proxies write it: alone or with a port, IPv6 with or without brackets. Neither
/// `unknown` nor a name that hides one (RFC 7239, 6) is an address.
pub fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    // A port, too, can be hidden.
    let text = text.rsplit_once(":_").map_or(text, |(node, _)| node);
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let with_port = || text.parse::<SocketAddr>().map(|address| address.ip());
    bare.parse::<IpAddr>().or_else(|_| with_port()).ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    /// The hops that these lines name, the nearest first; `-` for one that cannot be read.
    fn read(header: &str, lines: &[&str]) -> String {
        let request = lines
            .iter()
            .fold(TestRequest::default(), |request, line| request.append_header((header, *line)));
        let header = header.parse().unwrap();
        let request = request.to_http_request();
        let hops = hops(request.headers(), &header);
        let hops: Vec<String> =
            hops.map(|hop| hop.map_or("-".to_owned(), |address| address.to_string())).collect();
        hops.join(" ")
    }

    #[test]
    fn the_nearest_comes_first_over_all_lines() {
        let lines = ["192.0.2.1,192.0.2.2", " 192.0.2.3 , 192.0.2.4:80"];
        assert_eq!(read("x-forwarded-for", &lines), "192.0.2.4 192.0.2.3 192.0.2.2 192.0.2.1");
        let lines = ["for=192.0.2.1,for=192.0.2.2", "for=192.0.2.3"];
        assert_eq!(read("forwarded", &lines), "192.0.2.3 192.0.2.2 192.0.2.1");
    }

    #[test]
    fn addresses_are_read_in_every_form() {
        for (text, address) in [
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.1:4711", "192.0.2.1"),
            ("2001:db8::17", "2001:db8::17"),
            ("[2001:db8::17]", "2001:db8::17"),
            ("[2001:db8::17]:4711", "2001:db8::17"),
            ("[2001:db8::17]:_hidden", "2001:db8::17"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("unknown", "-"),
            ("_hidden", "-"),
            ("192.0.2", "-"),
            ("192.0.2.1.evil.example", "-"),
            ("\u{661}92.0.2.1", "-"),
            ("", "-"),
        ] {
            assert_eq!(read("x-forwarded-for", &[text]), address, "{text}");
            if text.is_ascii() {
                assert_eq!(read("forwarded", &[&format!("for=\"{text}\"")]), address, "{text}");
            }
        }
    }

    #[test]
    fn forwarded_is_read_by_its_grammar() {
        for (line, hops) in [
            ("for=192.0.2.1;proto=https;by=203.0.113.1", "192.0.2.1"),
            ("By=x; FOR=192.0.2.1 ;host=news.example", "192.0.2.1"),
            (r#"for="192.0.2.1, for=192.0.2.2""#, "-"),
            (r#"host="a,b;for=192.0.2.9";for=192.0.2.1, for=192.0.2.2"#, "192.0.2.2 192.0.2.1"),
            (r#"host="a\",for=192.0.2.9";for=192.0.2.1"#, "192.0.2.1"),
            (r#"for="\192.0.2.1""#, "192.0.2.1"),
            ("proto=https, for=192.0.2.1", "192.0.2.1 -"),
            ("for=192.0.2.1;for=192.0.2.2", "-"),
            ("for=192.0.2.1,,for=192.0.2.2", "192.0.2.2 - 192.0.2.1"),
            // What is never closed could hide anything.
            (r#"for="192.0.2.1, for=192.0.2.2"#, "-"),
            (r#"for=192.0.2.1", for=192.0.2.2"#, "-"),
            ("for=[2001:db8::17], for=192.0.2.1", "-"),
            ("192.0.2.1", "-"),
            ("for", "-"),
            ("for=", "-"),
            ("", "-"),
        ] {
            assert_eq!(read("forwarded", &[line]), hops, "{line}");
        }
    }

    #[test]
    fn a_single_valued_header_has_one_value() {
        assert_eq!(read("x-real-ip", &["192.0.2.1"]), "192.0.2.1");
        assert_eq!(read("x-real-ip", &["192.0.2.1, 192.0.2.2"]), "-");
        assert_eq!(read("x-real-ip", &["192.0.2.1", "192.0.2.2"]), "-");
        assert_eq!(read("cf-connecting-ip", &[]), "");
    }
}
