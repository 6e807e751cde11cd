//! The demo's five ports: those of the contract, or others when they are taken.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// Which ports are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Those of the contract, each another when it is taken.
    Usual,
    /// Whichever are free.
    Free,
    /// Five in a row, from this one on, and no others.
    From(u16),
}

/// A port that is wanted cannot be had.
#[derive(Debug, thiserror::Error)]
#[error(
    "port {port} cannot be had; name five others with --ports, or let them be found with --ports 0"
)]
pub struct NoPort {
    /// Which one.
    pub port: u16,
    /// Why.
    #[source]
    pub source: io::Error,
}

/// The ports, open.
#[derive(Debug)]
pub struct Ports {
    /// Where the gateway serves systems.
    pub exchange: TcpListener,
    /// Where it serves browsers.
    pub desk: TcpListener,
    /// Where it serves operators.
    pub ops: TcpListener,
    /// Where IMG keeps its documents.
    pub img: TcpListener,
    /// Where NCG keeps its documents.
    pub ncg: TcpListener,
    /// Which were taken, and what they became.
    pub moved: Vec<(u16, u16)>,
}

/// Exchange, desk, ops (CONTRACT, "Listeners"), and the two document servers.
const USUAL: [u16; 5] = [8443, 8444, 9464, 9001, 9002];

impl Wanted {
    /// What a number on the command line asks for: 0 for whichever are free.
    #[must_use]
    pub const fn of(number: Option<u16>) -> Self {
        match number {
            None => Self::Usual,
            Some(0) => Self::Free,
            Some(first) => Self::From(first),
        }
    }

    fn numbers(self) -> [u16; 5] {
        match self {
            Self::Usual => USUAL,
            Self::Free => [0; 5],
            Self::From(first) => [0, 1, 2, 3, 4].map(|step| first.saturating_add(step)),
        }
    }
}

impl Ports {
    /// Opens them, on loopback.
    ///
    /// # Errors
    /// [`NoPort`] when one is taken and no other will do, or none is free.
    pub fn open(wanted: Wanted) -> Result<Self, NoPort> {
        let mut moved = Vec::new();
        let mut open = |port: u16| match bind(port) {
            Ok(listener) => Ok(listener),
            Err(_) if wanted == Wanted::Usual => {
                let listener = bind(0).map_err(|source| NoPort { port, source })?;
                let other = listener.local_addr().map_or(0, |address| address.port());
                moved.push((port, other));
                Ok(listener)
            }
            Err(source) => Err(NoPort { port, source }),
        };
        let [exchange, desk, ops, img, ncg] = wanted.numbers().map(&mut open);
        Ok(Self {
            exchange: exchange?,
            desk: desk?,
            ops: ops?,
            img: img?,
            ncg: ncg?,
            moved,
        })
    }
}

/// Where a listener listens.
///
/// # Errors
/// [`NoPort`] when the system does not say.
pub fn address(listener: &TcpListener) -> Result<SocketAddr, NoPort> {
    listener
        .local_addr()
        .map_err(|source| NoPort { port: 0, source })
}

fn bind(port: u16) -> io::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(ports: &Ports) -> [u16; 5] {
        let of = |listener: &TcpListener| address(listener).unwrap().port();
        [
            of(&ports.exchange),
            of(&ports.desk),
            of(&ports.ops),
            of(&ports.img),
            of(&ports.ncg),
        ]
    }

    #[test]
    fn a_taken_port_is_refused_only_when_it_was_asked_for() {
        let taken = bind(0).unwrap();
        let port = address(&taken).unwrap().port();
        let refused = Ports::open(Wanted::From(port)).unwrap_err();
        assert_eq!(refused.port, port);
        let free = numbers(&Ports::open(Wanted::Free).unwrap());
        let distinct: std::collections::BTreeSet<u16> = free.into_iter().collect();
        assert_eq!(distinct.len(), 5, "{free:?}");
        assert!(!distinct.contains(&0));
    }

    #[test]
    fn of_the_usual_ports_one_that_is_taken_is_another_and_said_to_be() {
        // Somebody else may hold some of them: whatever is not ours must be among the moved.
        let first = Ports::open(Wanted::Usual).unwrap();
        let second = Ports::open(Wanted::Usual).unwrap();
        for (usual, found) in USUAL.into_iter().zip(numbers(&second)) {
            assert_ne!(usual, found);
            assert!(second.moved.contains(&(usual, found)));
        }
        drop(first);
    }
}
