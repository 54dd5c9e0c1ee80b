# Varnish in front of Broadsheet, with xkey of varnish-modules: /etc/varnish/default.vcl.
# Varnish speaks no TLS: what ends it in front should tell it the client's address by the PROXY
# protocol (hitch, HAProxy; `varnishd -a :6086,PROXY`).
vcl 4.1;
import std;
import xkey;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
    .connect_timeout = 2s;
    .first_byte_timeout = 60s;
}

# Who may purge: the servers, by PURGE_URL=http://127.0.0.1:6081/purge.
acl newsroom { "127.0.0.1"; }

sub vcl_recv {
    if (req.restarts == 0) {
        if (req.method == "POST" && req.url == "/purge") {
            if (client.ip !~ newsroom) { return (synth(403)); }
            set req.http.gone = xkey.purge(req.http.Surrogate-Key);
            return (synth(200, req.http.gone + " purged"));
        }
        # With TRUSTED_PROXIES=127.0.0.1 the servers believe this header and no other. It is
        # overwritten, since a client can have sent anything in it.
        set req.http.X-Forwarded-For = client.ip;
        unset req.http.Forwarded;
        unset req.http.X-Real-IP;
        # A trace of the caller's own making is nobody else's business.
        unset req.http.traceparent;
        unset req.http.X-Stale;
        # One id for the server's log, its answers and its journal.
        if (req.http.X-Request-Id !~ "^[A-Za-z0-9_.:-]{1,128}$") {
            set req.http.X-Request-Id = "varnish-" + now + "-" + req.xid;
            set req.http.X-Request-Id = regsuball(req.http.X-Request-Id, "[^A-Za-z0-9_.:-]", "-");
        }
    }
    # What is for everybody; figures and readiness are asked for at each server, not through here.
    # A path with dots could lead there by a detour.
    if (req.url !~ "^/((v1|manage|docs|problems)/|(docs|openapi\.json|healthz)(\?|$))"
        || regsub(req.url, "\?.*$", "") ~ "/(\.|%2[Ee]){1,2}(/|%2[Ff]|$)") {
        return (synth(404));
    }
    # While a server answers, nothing is shown after its time; and later no longer than it says.
    if (req.http.X-Stale) { set req.grace = 365d; } else { set req.grace = 0s; }
    if (req.url !~ "^/v1/") { return (pass); }
}

sub vcl_backend_response {
    set beresp.http.xkey = beresp.http.Surrogate-Key;
    # For how long it is shown while no server answers, it says itself (DELIVERY_STALE_IF_ERROR).
    set beresp.grace = std.duration(
        regsub(beresp.http.Cache-Control, "^.*stale-if-error=([0-9]+).*$", "\1s"), 0s);
    # Kept for longer than it is shown, so that 304 is most of the next answer.
    set beresp.keep = 1h;
}

sub vcl_backend_error {
    set beresp.status = 503;
    set beresp.http.X-Down = "yes";
    set beresp.http.Content-Type = "application/problem+json";
    set beresp.http.Cache-Control = "no-store";
    set beresp.http.Retry-After = "5";
    set beresp.ttl = 0s;
    set beresp.grace = 0s;
    synthetic({"{"type": "/problems/unavailable", "title": "The database is away or busy", "status": 503, "detail": "No server can answer just now; try again.", "request_id": ""} + bereq.http.X-Request-Id + """"}""");
    return (deliver);
}

sub vcl_deliver {
    # The last answer rather than none, where it may still be shown.
    if (resp.http.X-Down && req.restarts == 0 && req.url ~ "^/v1/" && req.method ~ "^(GET|HEAD)$") {
        set req.http.X-Stale = "yes";
        return (restart);
    }
    unset resp.http.X-Down;
    unset resp.http.xkey;
    set resp.http.X-Request-Id = req.http.X-Request-Id;
}

sub vcl_synth {
    if (req.url == "/purge") { return (deliver); }
    set resp.http.Content-Type = "application/problem+json";
    set resp.http.Cache-Control = "no-store";
    set resp.http.X-Request-Id = req.http.X-Request-Id;
    if (resp.status == 404) {
        synthetic({"{"type": "/problems/not-found", "title": "Not found", "status": 404, "detail": "There is nothing at this address, or nothing that you may see.", "request_id": ""} + req.http.X-Request-Id + """"}""");
    } else {
        synthetic({"{"type": "about:blank", "title": "Refused by the proxy", "status": "} + resp.status + {", "detail": "The proxy in front of the servers does not take such a request.", "request_id": ""} + req.http.X-Request-Id + """"}""");
    }
    return (deliver);
}
