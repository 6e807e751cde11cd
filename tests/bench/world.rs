//! All processes together, in one directory.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::ChildStdin;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use crate::certificates::Party;
use crate::client::{Connection, Documents, Reader, Target, download_path};
use crate::failure::{Context as _, Outcome};
use crate::filling::Told;
use crate::gateway::{AUDIENCE, Gateway, Ports, Surroundings};
use crate::options::Options;
use crate::process::{Process, Tree};
use crate::provider::Size;
use crate::registration::{documents_of, register};
use crate::table::Peer;
use crate::tokens::{Signer, Stock};
use crate::{haproxy, nginx, policy, provider};

/// Why these documents pass: statutory duty, on request (Tijdelijke wet Groningen 3(4)); no owner's choice blocks it.
pub(crate) const PURPOSE: &str = "schade-afhandeling";
/// For this one they pass to nobody who was not consented to.
pub(crate) const REFUSED_PURPOSE: &str = "overig";

/// Everything that runs. The order is that of dropping: who asks stops before who answers.
pub(crate) struct World {
    pub(crate) gateway: Gateway,
    peers: Vec<Beside>,
    to_gateway: Arc<Target>,
    provider: Process,
    _provider_input: ChildStdin,
    with_database: bool,
    /// IMG, for calls of its own.
    pub(crate) img: Party,
    ncg: Party,
    binary: PathBuf,
    certificates: PathBuf,
    provider_port: u16,
}

/// What runs to be compared with.
struct Beside {
    peer: Peer,
    /// The proxy first.
    processes: Vec<Process>,
    target: Arc<Target>,
}

/// One of those that are compared.
#[derive(Clone)]
pub(crate) struct Side {
    /// Which, where it is not the gateway.
    pub(crate) peer: Option<Peer>,
    pub(crate) target: Arc<Target>,
    pub(crate) tree: Tree,
}

impl World {
    /// Starts everything, registers the documents and compares one of each size, byte by byte.
    pub(crate) async fn start(options: &Options, directory: &Path) -> Outcome<Self> {
        let built = || PathBuf::from(env!("CARGO_BIN_EXE_sluis"));
        let binary = options.binary.clone().unwrap_or_else(built);
        let certificates = Gateway::make_pki(&binary, directory)?;
        let [own, img, ncg] = ["gateway", "img", "ncg"].map(|n| Party::find(&certificates, n));
        let (own, img, ncg) = (own?, img?, ncg?);
        let (provider, provider_port, input) = provider::start(&ncg)?;
        let ports = gateway_ports()?;
        let exchange = ports.exchange;
        let around = Surroundings {
            ports,
            img: &img,
            ncg: &ncg,
            provider_port,
            postgres: options.postgres.as_deref(),
        };
        let gateway = Gateway::start(&binary, directory, &around).await?;
        register(local(exchange), &img, &ncg).await?;
        let signer = Arc::new(Signer::new(&img, AUDIENCE, PURPOSE)?);
        let surroundings = Proxied {
            directory,
            own: &own,
            img: &img,
            ncg: &ncg,
            signer: &signer,
            provider_port,
        };
        let peers = options.peers().into_iter();
        let peers = peers.map(|peer| surroundings.start(peer));
        let peers: Vec<Beside> = peers.collect::<Outcome<_>>()?;
        let tokens = Stock::fresh(signer);
        let mut to_gateway = target("the gateway", exchange, &img, tokens, download_path)?;
        to_gateway.recorded = true;
        let world = Self {
            gateway,
            peers,
            to_gateway: Arc::new(to_gateway),
            provider,
            _provider_input: input,
            with_database: options.postgres.is_some(),
            img,
            ncg,
            binary,
            certificates,
            provider_port,
        };
        world.check().await?;
        Ok(world)
    }

    /// The gateway, with the database it may have.
    pub(crate) fn ours(&self) -> Side {
        Side {
            peer: None,
            target: self.to_gateway.clone(),
            tree: self.gateway.tree(self.with_database),
        }
    }

    /// The gateway first, then its peers.
    pub(crate) fn sides(&self) -> Vec<Side> {
        let peers = self.peers.iter().filter_map(|beside| {
            let (proxy, others) = beside.processes.split_first()?;
            let tree = Tree::of(proxy.id(), None);
            Some(Side {
                peer: Some(beside.peer),
                target: beside.target.clone(),
                tree: others.iter().fold(tree, |tree, one| tree.and(one.id())),
            })
        });
        std::iter::once(self.ours()).chain(peers).collect()
    }

    /// Where the gateway listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.to_gateway.address
    }

    /// Who tell a gateway that listens there what there is.
    pub(crate) const fn told(&self, exchange: SocketAddr) -> Told<'_> {
        Told {
            exchange,
            img: &self.img,
            ncg: &self.ncg,
        }
    }

    /// Starts another gateway among the same organisations, with a book of its own in this folder, which
    /// is made; and says where it listens.
    pub(crate) async fn another(&self, folder: &Path) -> Outcome<(Gateway, SocketAddr)> {
        let making = format!("make {}", folder.display());
        std::fs::create_dir(folder).or_fail(&making)?;
        symlink(&self.certificates, folder.join("certs")).or_fail(&making)?;
        let ports = gateway_ports()?;
        let exchange = ports.exchange;
        let around = Surroundings {
            ports,
            img: &self.img,
            ncg: &self.ncg,
            provider_port: self.provider_port,
            postgres: None,
        };
        let gateway = Gateway::start(&self.binary, folder, &around).await?;
        Ok((gateway, local(exchange)))
    }

    /// IMG, asking a gateway that listens there for the documents with these numbers.
    pub(crate) fn asking(
        &self,
        name: &'static str,
        address: SocketAddr,
        documents: Range<usize>,
    ) -> Outcome<Arc<Target>> {
        let signer = Arc::new(Signer::new(&self.img, AUDIENCE, PURPOSE)?);
        Ok(Arc::new(Target {
            name,
            address,
            tls: self.img.client_tls()?,
            tokens: Stock::fresh(signer),
            recorded: true,
            documents: Documents::Spread(documents),
            next: AtomicUsize::new(0),
        }))
    }

    /// The providing process, which costs the same whoever asks.
    pub(crate) fn provider(&self) -> Tree {
        Tree::of(self.provider.id(), None)
    }

    /// Each gives the provider's bytes, and who looks at tokens refuses where the rules do.
    async fn check(&self) -> Outcome<()> {
        let refused = Signer::new(&self.img, AUDIENCE, REFUSED_PURPOSE)?;
        for side in self.sides() {
            let mut connection = Connection::to(&side.target, Reader::Fast).await?;
            for size in Size::ALL {
                connection.compare(&side.target, size).await?;
            }
            if side.target.tokens.are_looked_at() {
                connection.is_refused(&side.target, refused.sign()?).await?;
            }
        }
        Ok(())
    }
}

/// What a proxy stands between.
struct Proxied<'a> {
    directory: &'a Path,
    own: &'a Party,
    img: &'a Party,
    ncg: &'a Party,
    signer: &'a Arc<Signer>,
    provider_port: u16,
}

impl Proxied<'_> {
    fn start(&self, peer: Peer) -> Outcome<Beside> {
        let [port] = free_ports()?;
        let provider_port = self.provider_port;
        let nginx = |name, policy_port| {
            let role = nginx::Role {
                name,
                port,
                provider_port,
                policy_port,
            };
            nginx::start(self.directory, self.own, role)
        };
        let processes = match peer {
            Peer::Nginx => vec![nginx("nginx", None)?],
            Peer::Haproxy => {
                vec![haproxy::start(
                    self.directory,
                    self.own,
                    port,
                    provider_port,
                )?]
            }
            Peer::Policy => {
                let (service, policy_port) = policy::start(self.img, self.ncg)?;
                vec![nginx("nginx-policy", Some(policy_port))?, service]
            }
        };
        let tokens = match peer {
            // They do not look at them.
            Peer::Nginx | Peer::Haproxy => Stock::recycled(self.signer)?,
            Peer::Policy => Stock::fresh(self.signer.clone()),
        };
        let path = |id: &str| format!("/documenten/{id}");
        let target = Arc::new(target(peer.name(), port, self.img, tokens, path)?);
        Ok(Beside {
            peer,
            processes,
            target,
        })
    }
}

fn target(
    name: &'static str,
    port: u16,
    requester: &Party,
    tokens: Stock,
    path: impl Fn(&str) -> String,
) -> Outcome<Target> {
    let uris = |size: Size| {
        let uri = |number| path(&size.uuid(number)).parse().or_fail("make a path");
        Ok((
            size,
            (0..documents_of(size)).map(uri).collect::<Outcome<_>>()?,
        ))
    };
    Ok(Target {
        name,
        address: local(port),
        tls: requester.client_tls()?,
        tokens,
        recorded: false,
        documents: Documents::InTurn(Size::ALL.into_iter().map(uris).collect::<Outcome<_>>()?),
        next: AtomicUsize::new(0),
    })
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// Where a gateway is to listen.
fn gateway_ports() -> Outcome<Ports> {
    let [exchange, desk, ops] = free_ports()?;
    Ok(Ports {
        exchange,
        desk,
        ops,
    })
}

/// Ports that nobody has at this moment, all different.
fn free_ports<const N: usize>() -> Outcome<[u16; N]> {
    let mut held = Vec::new();
    let mut ports = [0; N];
    for port in &mut ports {
        let listener = TcpListener::bind(local(0)).or_fail("find a free port")?;
        *port = listener.local_addr().or_fail("find a free port")?.port();
        held.push(listener);
    }
    Ok(ports)
}
