//! What may be asked for, and by whom.

use super::document;
use super::health;
use super::markup::Markup;
use super::metrics;
use super::sections::{self, Choice};
use super::shelf::Shelf;
use super::status_document;
use super::{Operation, PageSettings, Situation, runbook};
use crate::board::Board;
use crate::status::StatusRow;
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use orv_chain::ProposalId;
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;

/// Most digits of a project's number in an address.
const MOST_DIGITS: usize = 78;

/// What a browser may do with what it is given: nothing from elsewhere, nothing inline, no frame around it.
const HEADERS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
];

/// Everything behind the page.
pub(super) struct Door {
    pub(super) settings: PageSettings,
    pub(super) operation: Operation,
    pub(super) board: Arc<Board>,
    pub(super) shelf: Shelf,
}

/// What is served. Every route is `GET`, and `HEAD` with it.
pub(super) fn router(door: Arc<Door>) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/fragment", get(fragment))
        .route("/proposals/{proposal}", get(proposal))
        .route("/proposals/{proposal}/receipt", get(receipt))
        .route("/runbook", get(runbook_page))
        .route("/metrics", get(metrics_page))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/api/status", get(api_status))
        .route(
            "/style.css",
            get(|| async { asset("text/css; charset=utf-8", include_str!("asset/style.css")) }),
        )
        .route(
            "/script.js",
            get(|| async { asset("text/javascript; charset=utf-8", include_str!("asset/script.js")) }),
        )
        .route(
            "/icon.svg",
            get(|| async { asset("image/svg+xml", include_str!("asset/icon.svg")) }),
        )
        .fallback(|| async { (StatusCode::NOT_FOUND, "there is nothing here\n") })
        .layer(middleware::from_fn_with_state(Arc::clone(&door), guard))
        .with_state(door)
}

/// Refuses strangers' names for this address, and tells browsers what they may do.
async fn guard(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let mut response = if host.is_some_and(|host| door.settings.answers_to(host)) {
        next.run(request).await
    } else {
        let words =
            "this page does not answer to that name; page.hosts in the configuration lists those it answers to\n";
        (StatusCode::MISDIRECTED_REQUEST, words).into_response()
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

impl Door {
    /// Looks once at everything, and has something made of it.
    async fn look<T>(&self, make: impl FnOnce(&Situation<'_>) -> T) -> T {
        let rows = self.shelf.rows().await;
        make(&Situation {
            now: self.board.now(),
            settings: &self.settings,
            operation: &self.operation,
            live: &self.board.live(),
            rows: rows.as_deref().map(Vec::as_slice),
        })
    }
}

async fn page(State(door): State<Arc<Door>>, uri: Uri) -> Response {
    let choice = match choice(uri.query()) {
        Ok(choice) => choice,
        Err(wrong) => return refused(&door, &wrong).await,
    };
    html(door.look(|situation| document::page(situation, &choice)).await)
}

async fn fragment(State(door): State<Arc<Door>>, uri: Uri) -> Response {
    let choice = match choice(uri.query()) {
        Ok(choice) => choice,
        Err(wrong) => return refused(&door, &wrong).await,
    };
    let drawn = door.look(|situation| {
        let mut out = Markup::default();
        sections::draw(situation, &choice, &mut out);
        out.finish()
    });
    html(drawn.await)
}

async fn proposal(State(door): State<Arc<Door>>, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse::<ProposalId>() else {
        return unknown();
    };
    let Ok(changes) = door.shelf.changes(id).await else {
        return unknown();
    };
    let of_id = |row: &&StatusRow| row.proposal == id.to_string();
    let drawn = door.look(|situation| {
        let row = situation.known().iter().find(of_id)?;
        Some(document::proposal(situation, row, &changes))
    });
    drawn.await.map_or_else(unknown, html)
}

async fn receipt(State(door): State<Arc<Door>>, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse::<ProposalId>() else {
        return unknown();
    };
    let Some((name, bytes)) = door.shelf.receipt(id).await else {
        return unknown();
    };
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, bytes).into_response()
}

async fn runbook_page(State(door): State<Arc<Door>>) -> Response {
    html(
        door.look(|situation| document::around(situation, "Runbook", runbook::draw))
            .await,
    )
}

async fn metrics_page(State(door): State<Arc<Door>>) -> Response {
    let text = door.look(metrics::exposition).await;
    ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response()
}

async fn healthz(State(door): State<Arc<Door>>) -> Response {
    match door.look(health::stalled).await {
        None => answer(
            StatusCode::OK,
            &json!({ "schema": "orv.verifier.health/1", "alive": true }),
        ),
        Some(obstacle) => answer(
            StatusCode::SERVICE_UNAVAILABLE,
            &json!({ "schema": "orv.verifier.health/1", "alive": false, "reasons": [obstacle] }),
        ),
    }
}

async fn readyz(State(door): State<Arc<Door>>) -> Response {
    let obstacles = door.look(health::obstacles).await;
    let status = match obstacles.as_slice() {
        [] => StatusCode::OK,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    let ready = obstacles.is_empty();
    answer(
        status,
        &json!({ "schema": "orv.verifier.ready/1", "ready": ready, "reasons": obstacles }),
    )
}

async fn api_status(State(door): State<Arc<Door>>) -> Response {
    let document = door.look(status_document::of).await;
    answer(StatusCode::OK, &document)
}

/// Something in an address that has to be a number and is none, or one that nothing has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoNumber {
    /// What it should be the number of.
    pub(super) name: &'static str,
    /// What was given, as it stands in the address.
    pub(super) given: String,
}

/// `page` and `project` of a query; other names are passed over.
fn choice(query: Option<&str>) -> Result<Choice, NoNumber> {
    let mut choice = Choice::default();
    let pairs = query.unwrap_or_default().split('&');
    for (name, value) in pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))) {
        match name {
            "page" => choice.page = number("page", value)?.parse().map_err(|_| no_number("page", value))?,
            "project" => choice.project = Some(number("project", value)?.to_owned()),
            _ => {}
        }
    }
    Ok(choice)
}

/// A number's digits without zeros in front: so the journal writes it.
fn number<'a>(name: &'static str, value: &'a str) -> Result<&'a str, NoNumber> {
    let is_number = (1..=MOST_DIGITS).contains(&value.len()) && value.bytes().all(|digit| digit.is_ascii_digit());
    match value.trim_start_matches('0') {
        _ if !is_number => Err(no_number(name, value)),
        "" => Ok("0"),
        digits => Ok(digits),
    }
}

fn no_number(name: &'static str, value: &str) -> NoNumber {
    NoNumber {
        name,
        given: value.chars().take(MOST_DIGITS).collect(),
    }
}

async fn refused(door: &Door, wrong: &NoNumber) -> Response {
    let page = door.look(|situation| document::refusal(situation, wrong)).await;
    (StatusCode::BAD_REQUEST, html(page)).into_response()
}

fn html(text: String) -> Response {
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response()
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

fn answer(status: StatusCode, document: &impl Serialize) -> Response {
    match serde_json::to_vec(document) {
        Ok(body) => (status, [(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn unknown() -> Response {
    (StatusCode::NOT_FOUND, "the journal has nothing of that number\n").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_query_names_a_project_and_a_page() {
        let read = choice(Some("project=12&page=3&other=x")).unwrap();
        assert_eq!((read.project.as_deref(), read.page), (Some("12"), 3));
        assert_eq!(choice(Some("project=007")).unwrap().project.as_deref(), Some("7"));
        assert_eq!(choice(Some("project=000")).unwrap().project.as_deref(), Some("0"));
        assert_eq!(choice(None), Ok(Choice::default()));
    }

    #[test]
    fn what_should_be_a_number_and_is_none_is_refused_by_its_name() {
        let long = format!("page={}", "9".repeat(60));
        for (query, name, given) in [
            ("project=abc", "project", "abc"),
            ("project=", "project", ""),
            ("project", "project", ""),
            ("project=1&page=-1", "page", "-1"),
            ("project=%22%3E", "project", "%22%3E"),
            (&long, "page", &long[5..]),
        ] {
            let given = given.to_owned();
            assert_eq!(choice(Some(query)), Err(NoNumber { name, given }), "{query}");
        }
    }

    proptest! {
        #[test]
        fn any_query_is_a_choice_or_refused(query in "\\PC{0,200}") {
            let _ = choice(Some(&query));
        }
    }
}
