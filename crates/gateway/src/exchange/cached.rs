//! What the cache's layer knows of an exchange.

use super::Exchange;
use crate::layers::cache::Ticket;

impl Exchange {
    /// Written by the cache's layer, where the answer is to be kept.
    pub(crate) fn keep_by(&mut self, ticket: Ticket) {
        self.ticket = Some(ticket);
    }

    /// Takes what the cache's layer left, once.
    pub(crate) const fn take_ticket(&mut self) -> Option<Ticket> {
        self.ticket.take()
    }

    /// Written by the cache's layer, where a client's wish is not heeded and he is told so.
    pub(crate) const fn warn_of_cache(&mut self) {
        self.warns_of_cache = true;
    }

    /// Tells whether the client is told that the cache did not heed him.
    pub(crate) const fn warns_of_cache(&self) -> bool {
        self.warns_of_cache
    }
}
