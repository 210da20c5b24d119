//! What the client allows us (RFC 9113 sections 6.5 and 6.9).

use super::{
    Fault, Session,
    arriving::{FRAME_SIZE, PROTOCOL, on_connection, sized},
};
use crate::edge::http2::frame::{self, FrameHead, Reason, WINDOW_BYTES_MAX, flag, setting};

impl Session {
    pub(super) fn window_update(&mut self, head: FrameHead, payload: &[u8]) -> Result<(), Fault> {
        let number = <[u8; 4]>::try_from(payload).map_err(|_| FRAME_SIZE)?;
        let more = i64::from(u32::from_be_bytes(number) & WINDOW_BYTES_MAX);
        if head.stream == 0 {
            if more == 0 {
                return Err(PROTOCOL);
            }
            self.our_room += more;
            if self.our_room > i64::from(WINDOW_BYTES_MAX) {
                return Err(Fault::Connection(Reason::FlowControlError));
            }
            self.next_turns();
            return Ok(());
        }
        self.of_stream(head)?;
        let Some(stream) = self.find(head.stream) else {
            return Ok(());
        };
        if more == 0 {
            return Err(Fault::Stream(head.stream, Reason::ProtocolError));
        }
        let mut state = stream.state.borrow_mut();
        state.our_room += more;
        if state.our_room > i64::from(WINDOW_BYTES_MAX) {
            return Err(Fault::Stream(head.stream, Reason::FlowControlError));
        }
        state.has_room();
        Ok(())
    }

    pub(super) fn settings(&mut self, head: FrameHead, payload: &[u8]) -> Result<(), Fault> {
        on_connection(head)?;
        if head.has(flag::ACK) {
            return sized(payload.is_empty());
        }
        let (settings, rest) = payload.as_chunks::<6>();
        sized(rest.is_empty())?;
        for [a, b, value @ ..] in settings {
            self.setting(u16::from_be_bytes([*a, *b]), u32::from_be_bytes(*value))?;
        }
        frame::settings(&mut self.out, flag::ACK, &[]);
        Ok(())
    }

    fn setting(&mut self, name: u16, value: u32) -> Result<(), Fault> {
        match name {
            setting::HEADER_TABLE_SIZE => self.encoder.resize(value as usize),
            setting::ENABLE_PUSH if value > 1 => return Err(PROTOCOL),
            setting::INITIAL_WINDOW_SIZE => {
                if value > WINDOW_BYTES_MAX {
                    return Err(Fault::Connection(Reason::FlowControlError));
                }
                let more = i64::from(value) - std::mem::replace(&mut self.first_room, i64::from(value));
                for stream in &self.streams {
                    let mut state = stream.state.borrow_mut();
                    state.our_room += more;
                    if state.our_room > i64::from(WINDOW_BYTES_MAX) {
                        return Err(Fault::Connection(Reason::FlowControlError));
                    }
                    state.has_room();
                }
            }
            setting::MAX_FRAME_SIZE if !(1 << 14..1 << 24).contains(&value) => return Err(PROTOCOL),
            _ => {}
        }
        Ok(())
    }
}
