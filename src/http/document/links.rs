//! Where an answer leads: OpenAPI links from what was made, read or listed to what can be done
//! with it, read off the addresses.
use serde_json::{Map, Value, json};

/// One operation, as far as links go.
struct Target {
    id: String,
    path: String,
    reads: bool,
    versioned: bool,
}

/// Adds the links to every answer that leads somewhere.
pub fn add(document: &mut Value) {
    let targets = targets(document);
    for (path, operations) in document["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
                let links = links(path, method, status, response, &targets);
                if !links.is_empty() {
                    response["links"] = links.into();
                }
            }
        }
    }
}

fn targets(document: &Value) -> Vec<Target> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(path, operations)| {
        let operations = operations.as_object().into_iter().flatten();
        operations.filter_map(move |(method, operation)| {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let mut asked = parameters.clone().filter(|one| one["in"] == "query");
            if asked.any(|one| one["required"] == true) {
                return None; // No answer tells what to ask for.
            }
            Some(Target {
                id: operation["operationId"].as_str().unwrap_or_default().to_owned(),
                path: path.clone(),
                reads: method == "get",
                versioned: parameters.into_iter().any(|one| one["name"] == "If-Match"),
            })
        })
    });
    operations.filter(|target| target.path.contains('{')).collect()
}

fn links(
    path: &str,
    method: &str,
    status: &str,
    response: &Value,
    targets: &[Target],
) -> Map<String, Value> {
    let versioned = response["headers"]["ETag"].is_object() && path.starts_with("/manage/");
    let leads = |target: &&Target| match (method, status) {
        // What was made can be read, changed and gone on with.
        ("post", "201") => !target.versioned || versioned,
        // What was listed can be read; what was read can be changed.
        ("get", "200") => (target.reads && target.path != path) || (target.versioned && versioned),
        _ => false,
    };
    let found = targets.iter().filter(leads).filter_map(|target| {
        let mut parameters = parameters(path, method, &target.path)?;
        if target.versioned {
            parameters.insert("If-Match".to_owned(), "$response.header.ETag".into());
        }
        Some((target.id.clone(), json!({"operationId": target.id, "parameters": parameters})))
    });
    found.collect()
}

/// Where the parameters of an address below `path` come from; `None` where it does not lie there,
/// or takes more than the answer can tell.
fn parameters(path: &str, method: &str, below: &str) -> Option<Map<String, Value>> {
    let rest = below.strip_prefix(path).filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
    let named = |part: &str| Some(part.strip_prefix('{')?.strip_suffix('}')?.to_owned());
    let given = path.split('/').filter_map(named);
    let mut parameters: Map<String, Value> =
        given.map(|name| (name.clone(), format!("$request.path.{name}").into())).collect();
    let mut parts = rest.strip_prefix('/').unwrap_or_default().split('/');
    let first = parts.next().and_then(named);
    if rest.is_empty() && method == "post" || parts.any(|part| named(part).is_some()) {
        return None;
    }
    match first {
        Some(name) => {
            let member = if name == "number" { "number" } else { "id" };
            let place = if method == "post" { String::new() } else { "data/0/".to_owned() };
            parameters.insert(name, format!("$response.body#/{place}{member}").into());
        }
        // Nothing new to be named: the same thing, seen otherwise.
        None if parameters.is_empty() || method == "post" => return None,
        None => {}
    }
    Some(parameters)
}
