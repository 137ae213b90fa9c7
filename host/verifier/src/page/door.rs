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
    let choice = choice(uri.query());
    html(door.look(|situation| document::page(situation, &choice)).await)
}

async fn fragment(State(door): State<Arc<Door>>, uri: Uri) -> Response {
    let choice = choice(uri.query());
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

/// `page` and `project` of a query; what is neither, or no number, is passed over.
fn choice(query: Option<&str>) -> Choice {
    let mut choice = Choice::default();
    for (name, value) in query
        .unwrap_or_default()
        .split('&')
        .filter_map(|pair| pair.split_once('='))
    {
        let is_number = !value.is_empty() && value.chars().all(|digit| digit.is_ascii_digit());
        match name {
            "page" if is_number => choice.page = value.parse().unwrap_or_default(),
            "project" if is_number && value.len() <= MOST_DIGITS => choice.project = Some(value.to_owned()),
            _ => {}
        }
    }
    choice
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
        let read = choice(Some("project=12&page=3&other=x"));
        assert_eq!((read.project.as_deref(), read.page), (Some("12"), 3));
        assert_eq!(choice(Some("project=%22%3E&page=-1")), Choice::default());
        assert_eq!(choice(None), Choice::default());
    }

    proptest! {
        #[test]
        fn any_query_is_a_choice(query in "\\PC{0,200}") {
            let _ = choice(Some(&query));
        }
    }
}
