//! The page, the metrics and the answers about health, asked for over a socket.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod page_support;

use orv_verifier::page::PageSettings;
use orv_verifier::{Notice, Observer, Surroundings};
use page_support::{Answer, HOSTILE, Served, ask, busy, serve, serve_with, surroundings};

async fn get(served: &Served, path: &str) -> Answer {
    ask(served.address, "GET", path, "localhost").await
}

const PLACES: [&str; 11] = [
    "/",
    "/fragment",
    "/?project=3&page=1",
    "/proposals/21",
    "/proposals/18/receipt",
    "/runbook",
    "/metrics",
    "/healthz",
    "/api/status",
    "/style.css",
    "/script.js",
];

#[tokio::test]
async fn a_browser_is_told_to_run_nothing_that_is_not_ours() {
    let served = serve().await;
    busy(&served.board);
    for place in PLACES {
        let answer = get(&served, place).await;
        assert_eq!(answer.status, 200, "{place}");
        let policy = answer.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
            "{place}: {policy}"
        );
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{place}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{place}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{place}");
    }
}

#[tokio::test]
async fn nothing_but_reading_is_possible() {
    let served = serve().await;
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        for place in PLACES {
            assert_eq!(
                ask(served.address, method, place, "localhost").await.status,
                405,
                "{method} {place}"
            );
        }
    }
    assert_eq!(ask(served.address, "HEAD", "/healthz", "localhost").await.body, b"");
}

#[tokio::test]
async fn a_strangers_name_for_this_address_is_not_answered() {
    let served = serve_with(PageSettings {
        hosts: vec!["verifier.example".to_owned()],
        ..PageSettings::default()
    })
    .await;
    for place in PLACES {
        let answer = ask(served.address, "GET", place, "rebound.example").await;
        assert_eq!(answer.status, 421, "{place}");
        assert!(!answer.text().contains("proposal"), "{place}");
    }
    for host in ["verifier.example", "127.0.0.1:9660", "[::1]"] {
        assert_eq!(ask(served.address, "GET", "/", host).await.status, 200, "{host}");
    }
}

#[tokio::test]
async fn what_strangers_wrote_is_text_wherever_it_is_shown() {
    let served = serve().await;
    busy(&served.board);
    for place in ["/", "/fragment", "/proposals/21"] {
        let html = get(&served, place).await.text();
        assert!(
            html.contains("&lt;script&gt;window.broken=1"),
            "{place} does not show it"
        );
        assert!(!html.contains("<script>") && !html.contains("<img src=x"), "{place}");
        assert!(!html.contains('\u{202e}'), "{place}");
    }
    let shown = get(&served, "/api/status").await.json();
    assert!(shown["failures"][1]["message"].as_str().unwrap().contains(HOSTILE));
}

#[tokio::test]
async fn a_ready_daemon_says_so() {
    let served = serve().await;
    busy(&served.board);
    let answer = get(&served, "/readyz").await;
    assert_eq!((answer.status, answer.json()["ready"].as_bool()), (200, Some(true)));
    // As old as pause.stale_head_seconds allows: the daemon would begin something.
    let mut old = surroundings();
    old.head_time = old.head_time.map(|time| time - 590);
    served.board.notice(&Notice::Observed(Box::new(old)));
    assert_eq!(get(&served, "/readyz").await.status, 200);
    assert!(get(&served, "/").await.text().contains("Working."));
}

/// What is not right, and the word that `/readyz` has for it.
fn troubles() -> Vec<(Surroundings, &'static str)> {
    let with = |change: fn(&mut Surroundings)| {
        let mut surroundings = surroundings();
        change(&mut surroundings);
        surroundings
    };
    vec![
        (with(|seen| seen.head_time = None), "chain-unseen"),
        (
            with(|seen| seen.head_time = seen.head_time.map(|time| time - 601)),
            "chain-stale",
        ),
        (with(|seen| seen.enclaves.clear()), "no-live-key"),
        (
            with(|seen| {
                seen.enclaves
                    .iter_mut()
                    .for_each(|enclave| enclave.verdicts_left = Some(0))
            }),
            "no-live-key",
        ),
        (
            with(|seen| {
                seen.enclaves
                    .iter_mut()
                    .for_each(|enclave| enclave.expires_at = Some(page_support::NOW))
            }),
            "no-live-key",
        ),
        (
            with(|seen| seen.enclaves.iter_mut().for_each(|enclave| enclave.revoked = true)),
            "key-revoked",
        ),
        (with(|seen| seen.paused = Some("the disk is full".to_owned())), "paused"),
        (with(|seen| seen.listed = Some(false)), "gateway-not-listed"),
    ]
}

#[tokio::test]
async fn a_daemon_that_would_take_nothing_says_why_and_what_to_do() {
    for (surroundings, reason) in troubles() {
        let served = serve().await;
        served.board.notice(&Notice::Observed(Box::new(surroundings)));
        let answer = get(&served, "/readyz").await;
        assert_eq!(answer.status, 503, "{reason}");
        let reasons = answer.json()["reasons"].clone();
        assert_eq!(reasons[0]["reason"], reason, "{reasons}");
        assert_eq!(reasons.as_array().unwrap().len(), 1, "{reasons}");
        assert_eq!(
            get(&served, "/healthz").await.status,
            200,
            "{reason} is no reason to restart it"
        );
        let html = get(&served, "/").await.text().replace("&#39;", "'");
        assert!(html.contains(reasons[0]["advice"].as_str().unwrap()), "{reason}");
        assert!(
            get(&served, "/metrics").await.text().contains("orv_ready 0\n"),
            "{reason}"
        );
    }
}

#[tokio::test]
async fn before_the_first_round_it_is_alive_and_not_ready() {
    let served = serve().await;
    assert_eq!(get(&served, "/healthz").await.status, 200);
    let answer = get(&served, "/readyz").await;
    assert_eq!(
        (answer.status, answer.json()["reasons"][0]["reason"].as_str()),
        (503, Some("starting"))
    );
}

#[tokio::test]
async fn a_receipt_is_a_download_with_a_name() {
    let served = serve().await;
    let answer = get(&served, "/proposals/18/receipt").await;
    assert_eq!(answer.body, b"receipt of proposal 18");
    let disposition = answer.header("content-disposition").unwrap();
    assert_eq!(disposition, "attachment; filename=\"project-3-proposal-18.orv\"");
    for place in [
        "/proposals/24/receipt",
        "/proposals/999/receipt",
        "/proposals/999",
        "/proposals/x",
        "/proposals/-1",
    ] {
        assert_eq!(get(&served, place).await.status, 404, "{place}");
    }
}

#[tokio::test]
async fn only_one_projects_proposals_are_listed_when_asked_for() {
    let served = serve().await;
    let html = get(&served, "/fragment?project=11").await.text();
    assert!(
        html.contains("href=\"/proposals/22\"") && !html.contains("href=\"/proposals/18\""),
        "{html}"
    );
}

#[tokio::test]
async fn an_address_that_makes_no_sense_is_answered_in_words() {
    let served = serve().await;
    for place in [
        "/?project=abc",
        "/?project=",
        "/?page=-1",
        "/fragment?project=1%20",
        "/?page=99999999999999999999999",
    ] {
        let answer = get(&served, place).await;
        assert_eq!(answer.status, 400, "{place}");
        let html = answer.text();
        assert!(
            html.contains("which is no number") && !html.contains("/proposals/18"),
            "{place}: {html}"
        );
    }
    let hostile = get(&served, "/?project='onload=x").await;
    let html = hostile.text();
    assert!(
        hostile.status == 400 && html.contains("\u{201c}&#39;onload=x\u{201d}"),
        "{html}"
    );
}

#[tokio::test]
async fn a_project_or_page_that_nobody_has_is_an_empty_list_that_says_so() {
    let served = serve().await;
    for (place, words) in [
        ("/?project=999", "The journal has no proposal of project 999."),
        ("/?page=9", "There is no page 10; the last one is page 1."),
    ] {
        let answer = get(&served, place).await;
        assert_eq!(answer.status, 200, "{place}");
        let html = answer.text();
        assert!(
            html.contains(words) && !html.contains("<table class=\"proposals\">"),
            "{place}: {html}"
        );
    }
}

#[tokio::test]
async fn the_status_document_has_every_proposal_and_no_path_of_this_machine() {
    let served = serve().await;
    busy(&served.board);
    let document = get(&served, "/api/status").await.json();
    assert_eq!(document["schema"], "orv.verifier.page/1");
    assert_eq!(document["proposals"].as_array().unwrap().len(), 15);
    assert!(!document.to_string().contains("elsewhere.orv"));
    assert_eq!(document["flights"][1]["run"]["done"], 17);
}

#[tokio::test]
async fn an_endpoint_that_lags_and_the_last_reload_are_on_the_page_in_metrics_and_in_the_document() {
    let served = serve().await;
    busy(&served.board);
    let html = get(&served, "/").await.text();
    for words in [
        "1 of 2 well",
        "https://rpc-2.example ORV-N-003: 11 blocks behind",
        "Settings taken up anew 2 h ago.",
    ] {
        assert!(html.contains(words), "{words}: {html}");
    }
    let metrics = get(&served, "/metrics").await.text();
    for line in [
        "orv_rpc_endpoint_ok{endpoint=\"https://rpc-1.example\"} 1\n",
        "orv_rpc_endpoint_ok{endpoint=\"https://rpc-2.example\"} 0\n",
        "orv_rpc_endpoint_fault{endpoint=\"https://rpc-2.example\",code=\"ORV-N-003\"} 1\n",
        "orv_rpc_endpoint_behind_blocks{endpoint=\"https://rpc-2.example\"} 11\n",
        "orv_configuration_reloaded_timestamp_seconds ",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    let document = get(&served, "/api/status").await.json();
    assert_eq!(document["surroundings"]["endpoints"][1]["code"], "ORV-N-003");
    assert_eq!(document["reloaded_at"], page_support::NOW - 7200);
}

#[tokio::test]
async fn without_an_explorer_no_link_leaves_the_page() {
    let served = serve().await;
    assert!(!get(&served, "/").await.text().contains("http"));
    let served = serve_with(PageSettings {
        explorer: Some("https://explorer.example/".to_owned()),
        ..PageSettings::default()
    })
    .await;
    let html = get(&served, "/").await.text();
    assert!(html.contains("href=\"https://explorer.example/tx/0x1212"), "{html}");
}

#[tokio::test]
async fn what_another_daemon_or_an_earlier_life_has_in_flight_is_shown_too() {
    let served = serve().await;
    let html = get(&served, "/fragment").await.text();
    for proposal in [22, 23] {
        assert!(
            html.contains(&format!(
                "<h3><a href=\"/proposals/{proposal}\">Proposal {proposal}</a>"
            )),
            "{html}"
        );
    }
    assert!(
        html.contains("settling for 2 min") && html.contains("running for 9 min"),
        "{html}"
    );
}

#[tokio::test]
async fn a_stranger_who_connects_and_says_nothing_keeps_nobody_out() {
    let served = serve().await;
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(tokio::net::TcpStream::connect(served.address).await.unwrap());
    }
    assert_eq!(get(&served, "/healthz").await.status, 200);
}
