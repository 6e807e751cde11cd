//! The one table.

use std::fmt;

use clap::ValueEnum;

/// What the gateway is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Peer {
    /// Debian's nginx, a plain proxy
    Nginx,
    /// Debian's HAProxy, likewise
    Haproxy,
    /// nginx that asks a policy service about each request (`auth_request`, Rego)
    Policy,
}

impl Peer {
    pub(crate) const ALL: [Self; 3] = [Self::Nginx, Self::Haproxy, Self::Policy];

    /// Its name above a column.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Haproxy => "HAProxy",
            Self::Policy => "nginx+Rego",
        }
    }
}

/// One figure for each peer that takes part.
pub(crate) type Peers = Vec<(Peer, f64)>;

/// What a figure has to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    /// The ratio to a peer, at most.
    RatioAtMost(Peer, f64),
    /// The ratio to a peer, at least.
    RatioAtLeast(Peer, f64),
    /// The gateway's own figure, at most.
    AtMost(f64),
    /// The gateway's own figure, at least.
    AtLeast(f64),
}

/// One figure of every side.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) label: &'static str,
    pub(crate) ours: f64,
    pub(crate) peers: Peers,
    pub(crate) goals: Vec<Goal>,
}

impl Line {
    /// A figure that only the gateway has.
    pub(crate) fn alone(label: &'static str, ours: f64, goals: &[Goal]) -> Self {
        Self {
            label,
            ours,
            peers: Vec::new(),
            goals: goals.to_vec(),
        }
    }

    fn of(&self, peer: Peer) -> Option<f64> {
        let known = self.peers.iter().find(|(of, _)| *of == peer);
        known.map(|(_, figure)| *figure)
    }

    fn ratio(&self, peer: Peer) -> Option<f64> {
        self.of(peer)
            .filter(|theirs| *theirs > 0.0)
            .map(|theirs| self.ours / theirs)
    }

    /// Whether a goal is met; `None` where the peer took no part.
    fn meets(&self, goal: Goal) -> Option<bool> {
        match goal {
            Goal::RatioAtMost(peer, most) => self.ratio(peer).map(|ratio| ratio <= most),
            Goal::RatioAtLeast(peer, least) => self.ratio(peer).map(|ratio| ratio >= least),
            Goal::AtMost(most) => Some(self.ours <= most),
            Goal::AtLeast(least) => Some(self.ours >= least),
        }
    }
}

/// What was measured in one phase.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    pub(crate) title: String,
    pub(crate) lines: Vec<Line>,
}

/// Everything that was measured.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) heading: Vec<String>,
    pub(crate) peers: Vec<Peer>,
    pub(crate) sections: Vec<Section>,
}

impl Report {
    /// Whether every target was met.
    pub(crate) fn met(&self) -> bool {
        self.sections
            .iter()
            .flat_map(|section| &section.lines)
            .all(|line| {
                line.goals
                    .iter()
                    .all(|goal| line.meets(*goal) != Some(false))
            })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.heading {
            writeln!(f, "{line}")?;
        }
        writeln!(f)?;
        let (label, ours) = ("", "gateway");
        write!(f, "{label:<44}{ours:>10}")?;
        for peer in &self.peers {
            write!(f, "{:>12}{:>9}", peer.name(), "ratio")?;
        }
        writeln!(f, "   target")?;
        for section in &self.sections {
            writeln!(f, "{}", section.title)?;
            for line in &section.lines {
                line.write(f, &self.peers)?;
            }
        }
        Ok(())
    }
}

impl Line {
    fn write(&self, f: &mut fmt::Formatter<'_>, peers: &[Peer]) -> fmt::Result {
        write!(f, "  {:<42}{:>10}", self.label, figure(self.ours))?;
        for peer in peers {
            let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
            let theirs = or_dash(self.of(*peer).map(figure));
            let ratio = or_dash(self.ratio(*peer).map(|ratio| format!("{ratio:.2} ×")));
            write!(f, "{theirs:>12}{ratio:>9}")?;
        }
        let mut between = "   ";
        for goal in &self.goals {
            let verdict = match self.meets(*goal) {
                Some(true) => "met",
                Some(false) => "MISSED",
                None => continue,
            };
            f.write_str(between)?;
            between = "; ";
            match goal {
                Goal::RatioAtMost(peer, most) => write!(f, "at most {most} × {}", peer.name()),
                Goal::RatioAtLeast(peer, least) => write!(f, "at least {least} × {}", peer.name()),
                Goal::AtMost(most) => write!(f, "at most {most}"),
                Goal::AtLeast(least) => write!(f, "at least {least}"),
            }?;
            write!(f, ": {verdict}")?;
        }
        writeln!(f)
    }
}

/// Three digits that say something.
pub(crate) fn figure(value: f64) -> String {
    let decimals = match value.abs() {
        size if size < 10.0 => 2,
        size if size < 100.0 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}
