//! Whose process is at the other end of a connection on loopback? Read from `/proc`, where there is one: proc(5).

use std::net::SocketAddr;

/// Tells whether the socket at `peer`, connected to ours at `own`, is held by a process of `group`.
#[cfg(target_os = "linux")]
pub(super) fn is_of(group: u32, peer: SocketAddr, own: SocketAddr) -> bool {
    linux::inode_of(peer, own).is_some_and(|inode| linux::holds(group, inode))
}

/// Elsewhere the port, which only the worker is told, is all there is.
#[cfg(not(target_os = "linux"))]
pub(super) fn is_of(_group: u32, _peer: SocketAddr, _own: SocketAddr) -> bool {
    true
}

#[cfg(target_os = "linux")]
mod linux {
    use std::{
        fs,
        net::{IpAddr, SocketAddr},
        path::Path,
    };

    /// Returns the inode of the socket that is bound to `local` and connected to `remote`.
    pub(super) fn inode_of(local: SocketAddr, remote: SocketAddr) -> Option<u64> {
        let (local, remote) = (written(local)?, written(remote)?);
        let table = fs::read_to_string("/proc/net/tcp").ok()?;
        table.lines().skip(1).find_map(|line| {
            let mut fields = line.split_whitespace().skip(1);
            let same = fields.next()? == local && fields.next()? == remote;
            same.then(|| fields.nth(6)?.parse().ok()).flatten()
        })
    }

    /// As the table writes an address: its bytes as a number of the machine, and the port.
    fn written(address: SocketAddr) -> Option<String> {
        let IpAddr::V4(ip) = address.ip() else {
            return None;
        };
        let number = u32::from_ne_bytes(ip.octets());
        Some(format!("{number:08X}:{:04X}", address.port()))
    }

    /// Tells whether a process of `group` holds the socket `inode`. The group's leader has its number.
    pub(super) fn holds(group: u32, inode: u64) -> bool {
        let wanted = format!("socket:[{inode}]");
        let leader = Path::new("/proc").join(group.to_string());
        if has(&leader, &wanted) {
            return true;
        }
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
        processes
            .map(|process| process.path())
            .any(|process| group_of(&process) == Some(group) && has(&process, &wanted))
    }

    fn has(process: &Path, wanted: &str) -> bool {
        let descriptors = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
        descriptors
            .filter_map(|descriptor| fs::read_link(descriptor.path()).ok())
            .any(|target| target.as_os_str() == wanted)
    }

    /// The fifth field of `stat`; the second is a name in parentheses that may hold anything.
    fn group_of(process: &Path) -> Option<u32> {
        let stat = fs::read_to_string(process.join("stat")).ok()?;
        let (_, rest) = stat.rsplit_once(')')?;
        rest.split_whitespace().nth(2)?.parse().ok()
    }
}
