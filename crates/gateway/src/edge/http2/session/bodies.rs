//! Bodies of requests, and what their clients may send of them (RFC 9113 sections 5.2 and 6.1).

use std::{
    rc::Rc,
    task::{Context, Poll},
};

use bytes::Bytes;

use super::{Fault, Session, arriving::unpadded};
use crate::{
    edge::http2::{
        frame::{self, FrameHead, Reason, flag},
        stream::Stream,
    },
    http::BodyError,
};

impl Session {
    pub(super) fn data(&mut self, head: FrameHead, payload: &[u8]) -> Result<(), Fault> {
        self.of_stream(head)?;
        let data = unpadded(head, payload)?;
        let all = i64::try_from(payload.len()).unwrap_or(i64::MAX);
        self.its_room -= all;
        if self.its_room < 0 {
            return Err(Fault::Connection(Reason::FlowControlError));
        }
        let Some(stream) = self.find(head.stream).map(Rc::clone) else {
            self.took(payload.len());
            return self.passed(head.stream);
        };
        let mut state = stream.state.borrow_mut();
        let fault = |reason| Err(Fault::Stream(head.stream, reason));
        state.its_room -= all;
        let length = data.len() as u64;
        let declared = state.declared.map(|declared| declared.checked_sub(length));
        let ends = head.has(flag::END_STREAM);
        let found = match declared {
            _ if state.is_whole => fault(Reason::StreamClosed),
            _ if state.its_room < 0 => fault(Reason::FlowControlError),
            Some(None) => fault(Reason::ProtocolError),
            Some(Some(1..)) if ends => fault(Reason::ProtocolError),
            _ => Ok(()),
        };
        if found.is_err() || state.is_unwanted {
            self.took(payload.len());
        } else {
            self.took(payload.len() - data.len());
            state.taken += u32::try_from(payload.len() - data.len()).unwrap_or_default();
            state.arrived.extend_from_slice(data);
        }
        found?;
        state.declared = declared.flatten();
        state.is_whole |= ends;
        if ends || !data.is_empty() {
            state.wake_reader();
        }
        Ok(())
    }

    /// Takes what came of a body, none at its end.
    pub(in super::super) fn poll_body(
        &mut self,
        stream: &Stream,
        context: &Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyError>>> {
        let mut state = stream.state.borrow_mut();
        if !state.arrived.is_empty() && (state.is_whole || state.ended.is_none()) {
            let data = std::mem::take(&mut state.arrived).freeze();
            self.took(data.len());
            state.taken += u32::try_from(data.len()).unwrap_or_default();
            let is_much = state.taken >= self.limits.stream_window_bytes / 2;
            if is_much && !state.is_whole {
                let taken = std::mem::take(&mut state.taken);
                state.its_room += i64::from(taken);
                frame::window_update(&mut self.out, stream.id, taken);
                self.wake();
            }
            return Poll::Ready(Some(Ok(data)));
        }
        if state.is_whole {
            return Poll::Ready(None);
        }
        if state.ended.is_some() {
            let cause = BodyError::Broken("the stream was reset".to_owned());
            return Poll::Ready(Some(Err(cause)));
        }
        state.read(context);
        Poll::Pending
    }

    /// Nobody reads the rest of a body.
    pub(in super::super) fn unwanted(&mut self, stream: &Stream) {
        let mut state = stream.state.borrow_mut();
        state.is_unwanted = true;
        let left = std::mem::take(&mut state.arrived);
        self.took(left.len());
    }

    /// So much of what came has been taken: the client hears of it when it is half of what it may send.
    fn took(&mut self, bytes: usize) {
        self.taken += u32::try_from(bytes).unwrap_or_default();
        if self.taken >= self.limits.connection_window_bytes.max(frame::WINDOW_BYTES) / 2 {
            let taken = std::mem::take(&mut self.taken);
            self.its_room += i64::from(taken);
            frame::window_update(&mut self.out, 0, taken);
            self.wake();
        }
    }
}
