use std::time::Instant;

use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::{Method, Request, StatusCode};
use futures_util::StreamExt;
use platform_api::{DeploymentId, LogCursor, LogPage, Status, StatusMessage};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::harness::{DEADLINE, Served, TOKEN};

/// Everything that a follower is told, and how it was closed.
async fn follow(served: &Served, query: &str) -> (Vec<StatusMessage>, CloseCode) {
    let host = format!("127.0.0.1:{}", served.port);
    let request = Request::builder()
        .uri(format!("ws://{host}/ws?{query}"))
        .header(HOST, &host)
        .header(AUTHORIZATION, format!("Bearer {TOKEN}"))
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .body(())
        .unwrap();
    let stream = TcpStream::connect(&host).await.unwrap();
    let (mut socket, _) = tokio_tungstenite::client_async(request, stream).await.unwrap();
    let mut messages = Vec::new();
    let listen = async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Text(text))) => messages.push(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => break frame.expect("a reason to close").code,
                Some(Ok(_)) => {}
                other => panic!("the socket ended without a close: {other:?}"),
            }
        }
    };
    let code = timeout(DEADLINE, listen).await.expect("a close in time");
    (messages, code)
}

fn lines(messages: &[StatusMessage]) -> Vec<&str> {
    messages.iter().flat_map(|message| message.logs.iter().map(String::as_str)).collect()
}

#[tokio::test]
async fn a_follower_is_told_every_step_and_line_once_and_then_closed_normally() {
    let served = Served::start().await;
    let id = served.deploy("ada-shop", "1").await;
    let (messages, code) = follow(&served, &format!("deploymentId={id}")).await;
    assert_eq!(code, CloseCode::Normal);
    let numbers: Vec<u64> = messages.iter().filter_map(|m| Some(m.event.as_ref()?.seq)).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>(), "without gaps");
    assert!(messages.windows(2).all(|pair| pair[0].status <= pair[1].status && pair[0].seq <= pair[1].seq));
    assert!(messages.iter().all(|m| m.logs.is_empty() == m.log_cursor.is_none()));
    let last = messages.last().unwrap();
    assert_eq!((last.status, last.url.as_deref()), (Status::Failed, None));
    assert_eq!(last.error.as_ref().unwrap().code.as_str(), "start_failed");
    assert!(messages[..messages.len() - 1].iter().all(|m| m.error.is_none()));

    assert!(messages.iter().all(|m| m.status != Status::Failed || m.event.is_some()));
}

#[tokio::test]
async fn lines_stand_between_the_steps_where_their_time_puts_them() {
    let served = Served::start().await;
    let id = served.deploy("ada-shop", "1").await;
    served.ended(id).await;
    let (steps, _) = follow(&served, &format!("deploymentId={id}")).await;
    let times: Vec<u64> = steps.iter().filter_map(|m| Some(m.event.as_ref()?.time_ms)).collect();
    let last = *times.last().unwrap();
    let written: Vec<u64> = [1].into_iter().chain(times.iter().copied()).chain([last + 5]).collect();
    served.write(id, &written);

    let (messages, code) = follow(&served, &format!("deploymentId={id}")).await;
    assert_eq!(code, CloseCode::Normal);
    let lines: Vec<u64> = lines(&messages).iter().filter_map(|text| text.parse().ok()).collect();
    assert_eq!(lines, written);
    for (place, message) in messages.iter().enumerate() {
        for time_ms in message.logs.iter().filter_map(|text| text.parse::<u64>().ok()) {
            let earlier = messages[..place].iter().filter_map(|m| m.event.as_ref());
            assert!(earlier.clone().all(|event| event.time_ms < time_ms), "{time_ms} comes too late");
            let later = messages[place..messages.len() - 1].iter().filter_map(|m| m.event.as_ref());
            assert!(later.clone().all(|event| event.time_ms >= time_ms), "{time_ms} comes too early");
        }
    }
    assert!(messages.last().unwrap().error.is_some(), "the end comes last");
}

#[tokio::test]
async fn a_follower_that_comes_back_misses_nothing_and_sees_nothing_twice() {
    let served = Served::start().await;
    let id = served.deploy("ada-shop", "1").await;
    let ended = served.ended(id).await;
    let created_ms = ended["createdMs"].as_u64().unwrap();
    served.write(id, &[created_ms, created_ms, u64::MAX]);
    let (all, _) = follow(&served, &format!("deploymentId={id}")).await;
    for cut in 0..=all.len() {
        let seen = &all[..cut];
        // Who has heard nothing names no event; who has heard that it is queued names event 0.
        let after = seen.last().map(|message| format!("&after={}", message.seq)).unwrap_or_default();
        let cursor = seen.iter().rev().find_map(|message| message.log_cursor.clone());
        let logs = cursor.map(|LogCursor(text)| format!("&logs={text}")).unwrap_or_default();
        let (rest, code) = follow(&served, &format!("deploymentId={id}{after}{logs}")).await;
        assert_eq!(code, CloseCode::Normal);
        assert_eq!(rest, &all[cut..], "cut at {cut}");
    }
}

#[tokio::test]
async fn what_cannot_be_followed_is_refused_before_the_upgrade() {
    let served = Served::start().await;
    let id = served.deploy("ada-shop", "1").await;
    served.ended(id).await;
    let host = format!("127.0.0.1:{}", served.port);
    let attempt = async |query: String, token: &str| {
        let request = Request::builder()
            .uri(format!("ws://{host}/ws?{query}"))
            .header(HOST, &host)
            .header(AUTHORIZATION, format!("Bearer {token}"))
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
            .body(())
            .unwrap();
        let stream = TcpStream::connect(&host).await.unwrap();
        match tokio_tungstenite::client_async(request, stream).await {
            Err(Error::Http(response)) => response.status().as_u16(),
            other => panic!("not refused: {other:?}"),
        }
    };
    let nobody: DeploymentId = "0190b5a4-6e1f-7c3a-9b1d-2f6c8e4a7d10".parse().unwrap();
    assert_eq!(attempt(format!("deploymentId={id}"), "wrong").await, 401);
    assert_eq!(attempt(format!("deploymentId={nobody}"), TOKEN).await, 404);
    assert_eq!(attempt(format!("deploymentId={id}&after=999"), TOKEN).await, 400);
    assert_eq!(attempt(format!("deploymentId={id}&logs=nonsense"), TOKEN).await, 400);
}

#[tokio::test]
async fn a_long_poll_answers_with_news_at_once_and_without_news_in_time() {
    let served = Served::start().await;
    let id = served.deploy("ada-shop", "1").await;
    let mut seq = 0;
    loop {
        let path = format!("/api/deployments/{id}?after={seq}&timeoutS=15");
        let now = served.get(&path).await.expect(StatusCode::OK).json();
        let newer = now["seq"].as_u64().unwrap();
        assert!(newer > seq, "answered without news");
        seq = newer;
        if now["status"] == "failed" {
            break;
        }
    }
    let begun = Instant::now();
    let same =
        served.get(&format!("/api/deployments/{id}?after={seq}&timeoutS=1")).await.expect(StatusCode::OK);
    assert_eq!(same.json()["seq"], seq);
    assert!(begun.elapsed().as_millis() >= 900);
    let begun = Instant::now();
    served.get(&format!("/api/deployments/{id}?after=0&timeoutS=15")).await.expect(StatusCode::OK);
    served.get(&format!("/api/deployments/{id}")).await.expect(StatusCode::OK);
    assert!(begun.elapsed() < DEADLINE / 2);
}

#[tokio::test]
async fn lines_come_in_pages_by_source_and_as_long_as_there_are_any() {
    let served = Served::start().await;
    let id = served.deploy("ada-shop", "1").await;
    served.ended(id).await;
    served.write(id, &[1, 2, 3]);
    let path = format!("/api/deployments/{id}/logs");
    let followed = served.get(&format!("{path}?follow=true")).await.expect(StatusCode::OK);
    assert_eq!(followed.headers["content-type"], "application/x-ndjson");
    let pages: Vec<LogPage> = followed
        .body
        .split(|b| *b == b'\n')
        .filter(|l| !l.is_empty())
        .map(|l| serde_json::from_slice(l).unwrap())
        .collect();
    assert!(pages.last().unwrap().complete);
    let all: Vec<u64> = pages.iter().flat_map(|page| page.lines.iter().map(|line| line.seq)).collect();
    assert_eq!(all, (1..=all.len() as u64).collect::<Vec<_>>());
    assert!(all.len() >= 3);

    let mut one_by_one = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = served.get(&format!("{path}?limit=1{cursor}&waitS=5")).await.expect(StatusCode::OK);
        let page: LogPage = serde_json::from_slice(&page.body).unwrap();
        one_by_one.extend(page.lines.iter().map(|line| line.seq));
        cursor = format!("&after={}", page.next_cursor.0);
        if page.complete {
            break;
        }
    }
    assert_eq!(one_by_one, all);
    let runtime = served.get(&format!("{path}?source=runtime")).await.expect(StatusCode::OK).json();
    assert!(runtime["lines"].as_array().unwrap().iter().all(|line| line["source"] == "runtime"));
    for bad in ["after=x", "source=x", "follow=x", "limit=x"] {
        assert_eq!(
            served.get(&format!("{path}?{bad}")).await.refusal(),
            (400, "malformed".to_owned()),
            "{bad}"
        );
    }
}

#[tokio::test]
async fn stopping_ends_what_waits_and_lets_every_answer_finish() {
    let mut served = Served::start().await;
    let id = served.deploy("ada-shop", "1").await;
    let seq = served.ended(id).await["seq"].clone();
    let waiting = format!("/api/deployments/{id}?after={seq}&timeoutS=40");
    let (waited, stopped) = tokio::join!(served.get(&waiting), async {
        // The other call has to be under way; it is, once another on a later connection is answered.
        served.get("/readyz").await.expect(StatusCode::OK);
        served.send(served.request(Method::POST, "/api/platform/stop?apps=keep"), "".into()).await
    });
    assert_eq!(stopped.expect(StatusCode::OK).json(), json!({"stopped": []}));
    assert_eq!(waited.expect(StatusCode::OK).json()["seq"], seq);
    let abandoned = timeout(DEADLINE, served.server.join_next()).await.expect("an end in time");
    assert_eq!(abandoned.unwrap().unwrap(), 0);
    assert!(served.shutdown.is_cancelled());
}
