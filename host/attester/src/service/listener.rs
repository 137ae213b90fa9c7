//! The door: one path, bounded bodies, a bounded number of candidates at a time.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::Serialize;
use tokio::sync::Semaphore;

use super::{AttesterNotice, ServiceError, bench::Bench};
use crate::{ADMISSIONS_PATH, AdmissionRequest, MAXIMUM_REQUEST, REFUSAL_SCHEMA, Refusal};

/// Candidates judged at the same time; further ones are sent away.
const CANDIDATES: usize = 8;

struct Door {
    bench: Arc<Bench>,
    room: Semaphore,
}

/// What is served.
pub(super) fn router(bench: Arc<Bench>) -> Router {
    let door = Arc::new(Door {
        bench,
        room: Semaphore::new(CANDIDATES),
    });
    Router::new()
        .route(ADMISSIONS_PATH, post(admissions))
        .layer(DefaultBodyLimit::max(MAXIMUM_REQUEST))
        .with_state(door)
}

async fn admissions(State(door): State<Arc<Door>>, body: Bytes) -> Response {
    let Ok(_room) = door.room.try_acquire() else {
        return refuse(&ServiceError::Busy);
    };
    let request: AdmissionRequest = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(error) => return refuse(&ServiceError::Request(error.to_string())),
    };
    match door.bench.judge(&request).await {
        Ok(answer) => json(StatusCode::OK, &answer),
        Err(error) => {
            door.bench.notice(&AttesterNotice::Refused {
                operator: request.operator,
                code: error.code(),
                message: error.to_string(),
            });
            refuse(&error)
        }
    }
}

/// The candidate's own faults are told in full; those of this machine by their code alone, because their words name
/// paths and addresses of it.
fn refuse(error: &ServiceError) -> Response {
    let (status, message) = match error {
        ServiceError::Request(_) => (StatusCode::BAD_REQUEST, error.to_string()),
        ServiceError::Candidate(_) | ServiceError::Terms(_) | ServiceError::ChallengeOutOfReach { .. } => {
            (StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
        }
        _ => (
            StatusCode::SERVICE_UNAVAILABLE,
            "this attester cannot judge now".to_owned(),
        ),
    };
    let refusal = Refusal {
        schema: REFUSAL_SCHEMA.to_owned(),
        code: error.code().to_owned(),
        message,
    };
    json(status, &refusal)
}

fn json(status: StatusCode, document: &impl Serialize) -> Response {
    match serde_json::to_vec(document) {
        Ok(body) => (status, [(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
