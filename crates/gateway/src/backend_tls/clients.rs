//! The clients of one thread for TLS that is not the usual. One that is not used soon loses its connections; one too many takes
//! the place of the one that was used longest ago.

use std::{
    cell::RefCell,
    sync::Arc,
    time::{Duration, Instant},
};

use foldhash::{HashMap, HashMapExt as _};
use portcullis_egress::Client;

use super::Special;

/// Ways of TLS that a thread keeps connections for.
const CLIENTS_MAX: usize = 64;
/// How often connections that were idle too long are closed, as long as any of the clients is used.
const SWEEP_EVERY: Duration = Duration::from_secs(5);

/// What makes one way of TLS another.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Way {
    fingerprint: Option<[u8; 32]>,
    any_issuer: bool,
    is_linked: bool,
}

struct Kept {
    client: Client,
    used: Instant,
}

/// Clients by what their TLS is.
pub(crate) struct TlsClients {
    clients: RefCell<HashMap<Way, Kept>>,
    swept: std::cell::Cell<Instant>,
}

impl TlsClients {
    pub(crate) fn new() -> Self {
        Self {
            clients: RefCell::new(HashMap::new()),
            swept: std::cell::Cell::new(Instant::now()),
        }
    }

    /// Returns the client for `special`; one that is not there yet is made from `usual`, whose policy and limits it has.
    pub(crate) fn client(&self, special: Special<'_>, usual: &Client, tls: &rustls::ClientConfig) -> Client {
        let way = Way {
            fingerprint: special.certificate.map(|certificate| certificate.fingerprint),
            any_issuer: special.any_issuer,
            is_linked: special.is_linked,
        };
        let now = Instant::now();
        let mut clients = self.clients.borrow_mut();
        if now.duration_since(self.swept.get()) >= SWEEP_EVERY {
            self.swept.set(now);
            clients.values().for_each(|kept| kept.client.close_idle());
        }
        if let Some(kept) = clients.get_mut(&way) {
            kept.used = now;
            return kept.client.clone();
        }
        if clients.len() >= CLIENTS_MAX {
            let oldest = clients.iter().min_by_key(|(_, kept)| kept.used);
            if let Some(oldest) = oldest.map(|(way, _)| *way) {
                clients.remove(&oldest);
            }
        }
        let client = usual.with_tls(&Arc::new(special.apply_to(tls)));
        clients.insert(
            way,
            Kept {
                client: client.clone(),
                used: now,
            },
        );
        client
    }
}
