//! Connections that became something else than HTTP, such as a WebSocket: bytes in both directions until one side ends.
//! No drain can wait for them, so they are not in flight; they are cut when their instance has drained.

use std::io;
use std::sync::Arc;

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncWriteExt, copy_bidirectional};

use super::connection::Visitor;
use super::route::Claim;
use super::upstream::Upstream;

/// Joins a client that asked for an upgrade with the instance that agreed to it.
pub(super) fn join(client: OnUpgrade, upstream: Box<Upstream>, claim: Claim, visitor: Arc<Visitor>) {
    let retired = claim.instance().retired().clone();
    let project = claim.project().clone();
    drop(claim);
    let worker = Arc::clone(visitor.worker());
    worker.run_beside(async move {
        // The visitor's place is taken as long as its connection lasts.
        let _visitor = visitor;
        if let Some(Err(error)) = retired.run_until_cancelled(copy(client, upstream)).await {
            tracing::debug!(project.id = %project, %error, "an upgraded connection of `{project}` broke");
        }
    });
}

async fn copy(client: OnUpgrade, upstream: Box<Upstream>) -> io::Result<()> {
    let mut client = TokioIo::new(client.await.map_err(io::Error::other)?);
    let (mut app, first) = upstream.into_raw().await;
    client.write_all(&first).await?;
    copy_bidirectional(&mut client, &mut app).await?;
    Ok(())
}
