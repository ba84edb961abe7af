//! Subscriptions of the newer era: one request that lasts, and everything that is watched for it ends with it.

use futures_util::FutureExt;
use platform_client::Backend;
use rmcp::model::SubscriptionFilter;
use rmcp::service::{SubscriptionContext, SubscriptionSink};
use tokio::sync::watch;

use super::subscriptions::SUBSCRIPTIONS_MAX;
use super::{Address, Change, Wanted, watch};

/// What of a filter can be told here: the list of resources, and the resources that have such an address.
pub(crate) fn accepted(requested: &SubscriptionFilter) -> SubscriptionFilter {
    let mut accepted = SubscriptionFilter::new();
    accepted.resources_list_changed = requested.resources_list_changed;
    let known =
        requested.resource_subscriptions.iter().flatten().filter(|uri| uri.parse::<Address>().is_ok());
    let known: Vec<_> = known.take(SUBSCRIPTIONS_MAX).cloned().collect();
    accepted.resource_subscriptions = (!known.is_empty()).then_some(known);
    accepted
}

/// Tells what was accepted as it changes, until the client does not want it any more.
pub(crate) async fn listen(backend: &Backend, acts: watch::Receiver<()>, context: &SubscriptionContext) {
    let accepted = context.accepted();
    let addresses = accepted.resource_subscriptions.iter().flatten().filter_map(|uri| uri.parse().ok());
    let wanted =
        Wanted { addresses: addresses.collect(), list: accepted.resources_list_changed == Some(true) };
    let sink = context.sink().clone();
    let watching = watch(backend, wanted, acts, Box::new(move |change| tell(sink.clone(), change).boxed()));
    tokio::select! {
        () = context.cancelled() => {}
        // There may be nothing left to watch; the subscription lasts until its client ends it.
        () = watching => context.cancelled().await,
    }
}

async fn tell(sink: SubscriptionSink, change: Change) -> bool {
    let told = match change {
        Change::Updated(address) => sink.notify_resource_updated(address.to_string()).await,
        Change::Listed => sink.notify_resource_list_changed().await,
    };
    told.is_ok()
}
