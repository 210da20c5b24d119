//! When is which delivery sent? Due ones first; each destination has a lane with a rate and a bound on how many are on
//! the wire, so that a slow consumer holds up nobody else.

use std::{
    cmp::{Ordering, Reverse},
    collections::{BinaryHeap, HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use portcullis_egress::Client;
use tokio::{
    sync::{
        Semaphore,
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
        oneshot,
    },
    task::JoinSet,
    time::Instant,
};

use super::{
    Waiting, backoff,
    send::{Attempt, Sender},
};
use crate::{Events, ports::Roles};

/// Deliveries on the wire to one destination.
const PER_DESTINATION_MAX: usize = 8;
/// Deliveries on the wire in all.
const ON_THE_WIRE_MAX: usize = 128;
/// Rate of a destination that is not known any more, a second.
const RATE_UNKNOWN: u32 = 300;
/// How long a delivery waits when the store does not take what became of it.
const STORE_TROUBLE: Duration = Duration::from_secs(5);

/// The thread's state.
pub(super) struct Schedule {
    events: Arc<Events>,
    roles: Arc<dyn Roles>,
    client: Client,
    due: BinaryHeap<Reverse<Due>>,
    lanes: HashMap<String, Lane>,
    wire: Arc<Semaphore>,
    /// Orders what is due at the same time.
    counter: u64,
}

struct Due {
    at: Instant,
    order: u64,
    /// Its turn within the rate is fixed already.
    in_turn: bool,
    delivery: Waiting,
}

/// One destination.
#[derive(Default)]
struct Lane {
    on_the_wire: usize,
    next_turn: Option<Instant>,
    /// With whether its turn is fixed already.
    parked: VecDeque<(Waiting, bool)>,
}

/// What became of a delivery: how long until the next attempt; none when it is over.
struct Ended {
    delivery: Waiting,
    again: Option<Duration>,
}

impl Schedule {
    pub(super) fn new(events: Arc<Events>, roles: Arc<dyn Roles>, client: Client) -> Self {
        Self {
            events,
            roles,
            client,
            due: BinaryHeap::new(),
            lanes: HashMap::new(),
            wire: Arc::new(Semaphore::new(ON_THE_WIRE_MAX)),
            counter: 0,
        }
    }

    /// Sends what arrives, until `stop`; then waits for what is on the wire.
    pub(super) async fn run(
        mut self,
        mut arriving: UnboundedReceiver<Waiting>,
        mut stop: oneshot::Receiver<()>,
    ) {
        let (ended_sender, mut ended) = unbounded_channel();
        let mut tasks = JoinSet::new();
        loop {
            self.start_due(&ended_sender, &mut tasks);
            let next = self.due.peek().map(|Reverse(due)| due.at);
            let wait = async {
                match next {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                _ = &mut stop => break,
                Some(end) = ended.recv() => self.end(end),
                Some(delivery) = arriving.recv() => self.arrive(delivery),
                Some(_) = tasks.join_next() => {}
                () = wait => {}
            }
        }
        // What waits for its place on the wire stays in the store.
        self.wire.close();
        while tasks.join_next().await.is_some() {}
    }

    fn arrive(&mut self, delivery: Waiting) {
        let now = self.events.parts.clock.now().millis();
        let wait = u64::try_from(delivery.next.millis().saturating_sub(now)).unwrap_or_default();
        self.push(Instant::now() + Duration::from_millis(wait), delivery, false);
    }

    fn push(&mut self, at: Instant, delivery: Waiting, in_turn: bool) {
        self.counter = self.counter.wrapping_add(1);
        let order = self.counter;
        self.due.push(Reverse(Due {
            at,
            order,
            in_turn,
            delivery,
        }));
    }

    fn start_due(&mut self, ended: &UnboundedSender<Ended>, tasks: &mut JoinSet<()>) {
        let now = Instant::now();
        while self.due.peek().is_some_and(|Reverse(due)| due.at <= now) {
            let Some(Reverse(due)) = self.due.pop() else {
                return;
            };
            let interval = self.interval(&due.delivery.destination_arn);
            let lane = self
                .lanes
                .entry(due.delivery.destination_arn.clone())
                .or_default();
            if lane.on_the_wire >= PER_DESTINATION_MAX {
                lane.parked.push_back((due.delivery, due.in_turn));
                continue;
            }
            let turn = lane.next_turn.map_or(now, |next| next.max(now));
            if !due.in_turn {
                lane.next_turn = Some(turn + interval);
                if turn > now {
                    self.push(turn, due.delivery, true);
                    continue;
                }
            }
            lane.on_the_wire += 1;
            let sender = Sender {
                events: Arc::clone(&self.events),
                roles: Arc::clone(&self.roles),
                client: self.client.clone(),
            };
            let task = run_one(sender, Arc::clone(&self.wire), due.delivery, ended.clone());
            tasks.spawn_local(task);
        }
    }

    fn interval(&self, destination_arn: &str) -> Duration {
        let destination = self.events.snapshot.destination(destination_arn);
        let rate = destination.map_or(RATE_UNKNOWN, |found| {
            found.destination.invocation_rate_limit_per_second
        });
        Duration::from_secs(1) / rate.max(1)
    }

    fn end(&mut self, end: Ended) {
        let now = Instant::now();
        let mut freed = None;
        if let Some(lane) = self.lanes.get_mut(&end.delivery.destination_arn) {
            lane.on_the_wire = lane.on_the_wire.saturating_sub(1);
            freed = lane.parked.pop_front();
            let idle = lane.on_the_wire == 0 && freed.is_none();
            if idle && lane.next_turn.is_none_or(|next| next <= now) {
                self.lanes.remove(&end.delivery.destination_arn);
            }
        }
        if let Some((delivery, in_turn)) = freed {
            self.push(now, delivery, in_turn);
        }
        match end.again {
            Some(wait) => self.push(now + wait, end.delivery, false),
            None => self.events.queue.release(&end.delivery),
        }
    }
}

async fn run_one(sender: Sender, wire: Arc<Semaphore>, mut delivery: Waiting, ended: UnboundedSender<Ended>) {
    let Ok(permit) = wire.acquire().await else {
        return;
    };
    let outcome = if sender.events.parts.clock.now() > delivery.deadline() {
        Attempt::Hopeless("it is older than the target's retry policy allows".into())
    } else {
        sender.attempt(&delivery).await
    };
    drop(permit);
    let again = settle(&sender.events, &mut delivery, outcome).await;
    drop(ended.send(Ended { delivery, again }));
}

/// Writes down what became of an attempt, and returns how long until the next one; none when it is over.
async fn settle(events: &Events, delivery: &mut Waiting, outcome: Attempt) -> Option<Duration> {
    let Waiting {
        id,
        bus,
        rule,
        target,
        ..
    } = &*delivery;
    let who = format!("delivery {id} of bus `{bus}`, rule `{rule}`, target `{target}`");
    let store = events.parts.store.as_ref();
    let (reason, wait_seconds) = match outcome {
        Attempt::Delivered(status) => {
            tracing::info!("{who}: the consumer answered {status}");
            return removed(delivery.remove(store).await, &who);
        }
        Attempt::Hopeless(reason) => {
            tracing::warn!("{who} is given up: {reason}");
            return removed(delivery.remove(store).await, &who);
        }
        Attempt::Failed { reason, wait_seconds } => (reason, wait_seconds),
    };
    delivery.attempts = delivery.attempts.saturating_add(1);
    let wait_ms = backoff::after(delivery.attempts, events.parts.entropy.as_ref()).max(wait_seconds * 1_000);
    let now = events.parts.clock.now();
    delivery.next = portcullis_model::Timestamp(now.millis().saturating_add(wait_ms));
    if delivery.attempts > delivery.retry.maximum_retry_attempts || delivery.next > delivery.deadline() {
        tracing::warn!("{who} is given up after {} attempts: {reason}", delivery.attempts);
        return removed(delivery.remove(store).await, &who);
    }
    tracing::info!(
        "{who}: attempt {} failed, the next in {wait_ms} ms: {reason}",
        delivery.attempts
    );
    if let Err(cause) = delivery.save(store).await {
        tracing::error!("{who}: what became of it cannot be written: {cause}");
    }
    Some(Duration::from_millis(u64::try_from(wait_ms).unwrap_or_default()))
}

/// At least once: what cannot be removed is sent again.
fn removed(outcome: Result<(), portcullis_store::StoreError>, who: &str) -> Option<Duration> {
    outcome.err().map(|cause| {
        tracing::error!("{who} cannot be removed and comes again: {cause}");
        STORE_TROUBLE
    })
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}
