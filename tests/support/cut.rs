//! Cutting a caller off: a verb that was begun runs to its end, whoever hangs up.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use super::TestApp;

/// Calls a verb and drops the call at its first await, calls it again and drops it at the second, and so on, until a call
/// ends by itself. `prepare` makes what the verb needs, anew for each call; after each cut, when nothing runs any more,
/// `check` is told what was prepared and looks whether everything stands, or nothing.
pub async fn at_every_await<P, O>(
    app: &TestApp,
    mut prepare: impl AsyncFnMut() -> P,
    mut call: impl AsyncFnMut(&P) -> O,
    mut check: impl AsyncFnMut(&P),
) {
    for cut_at in 1.. {
        let prepared = prepare().await;
        let ended = {
            let mut call = pin!(call(&prepared));
            let mut awaits = 0;
            poll_fn(|context| match call.as_mut().poll(context) {
                Poll::Ready(_) => Poll::Ready(true),
                Poll::Pending => {
                    awaits += 1;
                    if awaits == cut_at { Poll::Ready(false) } else { Poll::Pending }
                }
            })
            .await
        };
        while !app.app.verbs.is_empty() {
            tokio::task::yield_now().await;
        }
        check(&prepared).await;
        if ended {
            return;
        }
    }
}
