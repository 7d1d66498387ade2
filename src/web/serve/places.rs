//! Which connections are open: so many in all, and so many of one address. When there is no place left, the caller who
//! has the most connections loses the one that has kept us waiting longest (for a request, its body, or for reading our
//! answer), and the new one takes its place: who opens many connections and says little pushes out nobody but themselves.
//! A request that is being worked on is never cut for another.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipnet::IpNet;
use tokio::sync::Notify;

use crate::web::request::address;

pub struct Places {
    most: usize,
    most_per_address: usize,
    /// A proxy's connections are those of many: it is bound by the total alone.
    proxies: Vec<IpNet>,
    taken: Mutex<Taken>,
}

/// One connection's place, for as long as it lives.
pub struct Place {
    places: Arc<Places>,
    id: u64,
    sent_away: Arc<Notify>,
}

#[derive(Default)]
struct Taken {
    /// Grows with each event: which of two was earlier.
    counter: u64,
    places: HashMap<u64, Holder>,
    callers: HashMap<IpAddr, Caller>,
    /// By how many places they have, then by who has kept us waiting longest.
    order: BTreeSet<(usize, Reverse<u64>, IpAddr)>,
}

struct Holder {
    caller: IpAddr,
    /// `None` while a request is worked on.
    waiting_since: Option<u64>,
    sent_away: Arc<Notify>,
}

#[derive(Default)]
struct Caller {
    places: usize,
    /// The places that keep us waiting, by since when.
    waiting: BTreeMap<u64, u64>,
}

impl Places {
    pub fn new(most: usize, most_per_address: usize, proxies: Vec<IpNet>) -> Arc<Places> {
        Arc::new(Places { most, most_per_address, proxies, taken: Mutex::default() })
    }

    /// A place for a connection from `peer`. `None`: all are taken by requests that are being worked on.
    pub fn take(self: &Arc<Places>, peer: IpAddr) -> Option<Place> {
        let peer = peer.to_canonical();
        let is_proxy = self.proxies.iter().any(|network| network.contains(&peer));
        let caller = address::caller(peer);
        let mut taken = self.lock();
        let own = taken.callers.get(&caller).map_or(0, |caller| caller.places);
        let there_is_room = if !is_proxy && own >= self.most_per_address {
            taken.send_away_of(caller)
        } else {
            taken.places.len() < self.most || taken.send_away_anybody()
        };
        there_is_room.then(|| {
            let sent_away = Arc::new(Notify::new());
            let id = taken.enter(caller, Arc::clone(&sent_away));
            Place { places: Arc::clone(self), id, sent_away }
        })
    }

    /// Gives up one connection that keeps us waiting, if there is one.
    pub fn make_room(&self) -> bool {
        self.lock().send_away_anybody()
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// From now on the peer keeps us waiting.
    pub fn waits(&self) {
        self.places.lock().set_waiting(self.id, true);
    }

    /// From now on a request is worked on.
    pub fn works(&self) {
        self.places.lock().set_waiting(self.id, false);
    }

    /// Ready once another connection has got this place.
    pub async fn sent_away(&self) {
        self.sent_away.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.lock().leave(self.id);
    }
}

impl Taken {
    fn enter(&mut self, caller: IpAddr, sent_away: Arc<Notify>) -> u64 {
        self.counter += 1;
        let id = self.counter;
        self.places.insert(id, Holder { caller, waiting_since: Some(id), sent_away });
        self.change(caller, |of_caller| {
            of_caller.places += 1;
            of_caller.waiting.insert(id, id);
        });
        id
    }

    fn set_waiting(&mut self, id: u64, waits: bool) {
        self.counter += 1;
        let since = waits.then_some(self.counter);
        let Some(holder) = self.places.get_mut(&id) else { return };
        let before = std::mem::replace(&mut holder.waiting_since, since);
        let caller = holder.caller;
        self.change(caller, |of_caller| {
            before.map(|before| of_caller.waiting.remove(&before));
            since.map(|since| of_caller.waiting.insert(since, id));
        });
    }

    fn leave(&mut self, id: u64) {
        let Some(holder) = self.places.remove(&id) else { return };
        self.change(holder.caller, |of_caller| {
            of_caller.places = of_caller.places.saturating_sub(1);
            holder.waiting_since.map(|since| of_caller.waiting.remove(&since));
        });
    }

    fn send_away_anybody(&mut self) -> bool {
        let most = self.order.iter().rev().find(|(_, Reverse(since), _)| *since != u64::MAX);
        most.map(|(_, _, caller)| *caller).is_some_and(|caller| self.send_away_of(caller))
    }

    fn send_away_of(&mut self, caller: IpAddr) -> bool {
        let oldest = self.callers.get(&caller).and_then(|caller| caller.waiting.first_key_value());
        let Some(id) = oldest.map(|(_, id)| *id) else { return false };
        if let Some(holder) = self.places.get(&id) {
            holder.sent_away.notify_one();
        }
        self.leave(id);
        true
    }

    fn change(&mut self, caller: IpAddr, change: impl FnOnce(&mut Caller)) {
        let of_caller = self.callers.entry(caller).or_default();
        self.order.remove(&of_caller.rank(caller));
        change(of_caller);
        if of_caller.places == 0 {
            self.callers.remove(&caller);
        } else {
            let rank = of_caller.rank(caller);
            self.order.insert(rank);
        }
    }
}

impl Caller {
    fn rank(&self, address: IpAddr) -> (usize, Reverse<u64>, IpAddr) {
        let longest = self.waiting.first_key_value().map_or(u64::MAX, |(since, _)| *since);
        (self.places, Reverse(longest), address)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    fn ip(last: u8) -> IpAddr {
        IpAddr::from([198, 51, 100, last])
    }

    fn is_sent_away(place: &Place) -> bool {
        place.sent_away().now_or_never().is_some()
    }

    #[test]
    fn who_has_the_most_loses_what_has_waited_longest() {
        let places = Places::new(4, 3, Vec::new());
        let greedy: Vec<Place> = (0..3).map(|_| places.take(ip(1)).unwrap()).collect();
        let other = places.take(ip(2)).unwrap();
        greedy[0].works();
        greedy[0].waits();
        let new = places.take(ip(3)).unwrap();
        assert!(is_sent_away(&greedy[1]), "the first one has just begun to wait anew");
        assert!(![&greedy[0], &greedy[2], &other, &new].into_iter().any(is_sent_away));
        // It still has most: two, where the others have one each.
        let fourth = places.take(ip(2)).unwrap();
        assert!(is_sent_away(&greedy[2]));
        assert_eq!(places.lock().places.len(), 4);
        drop((greedy, other, new, fourth));
        let taken = places.lock();
        assert!(taken.places.is_empty() && taken.callers.is_empty() && taken.order.is_empty());
    }

    #[test]
    fn an_address_at_its_cap_gives_up_one_of_its_own() {
        let places = Places::new(100, 2, vec!["10.0.0.0/8".parse().unwrap()]);
        let other = places.take(ip(2)).unwrap();
        let own: Vec<Place> = (0..3).map(|_| places.take(ip(1)).unwrap()).collect();
        assert!(is_sent_away(&own[0]) && !is_sent_away(&own[1]) && !is_sent_away(&other));
        own[1].works();
        own[2].works();
        assert!(places.take(ip(1)).is_none(), "what is worked on is not cut");
        // One IPv6 subscriber is one caller; a proxy is many.
        let six: Vec<Place> = (0..3).map(|n| places.take(format!("2001:db8::{n}").parse().unwrap()).unwrap()).collect();
        assert!(is_sent_away(&six[0]));
        let proxy: Vec<Place> = (0..20).map(|_| places.take("10.1.2.3".parse().unwrap()).unwrap()).collect();
        assert!(!proxy.iter().any(is_sent_away));
    }

    #[test]
    fn when_everything_is_worked_on_nobody_is_sent_away() {
        let places = Places::new(2, 2, Vec::new());
        let (a, b) = (places.take(ip(1)).unwrap(), places.take(ip(2)).unwrap());
        a.works();
        b.works();
        assert!(places.take(ip(3)).is_none() && !places.make_room());
        b.waits();
        let c = places.take(ip(3)).unwrap();
        assert!(is_sent_away(&b) && !is_sent_away(&a) && !is_sent_away(&c));
        // Who was sent away says what it likes: its place is another's.
        b.works();
        b.waits();
        drop(b);
        assert_eq!(places.lock().places.len(), 2);
    }
}
