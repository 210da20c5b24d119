//! `bench-floods`: what floods do to other clients, and what a connection that idles costs.
//!
//! The server on core 1; on core 0 fifty clients that ask 20 times a second each, their backend, and the flood in a process of
//! its own that has what they leave of the core, so that what the clients wait for is the server.

mod clients;
mod dial;
mod flood;
mod frames;
mod idle;
mod memory;
mod options;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use self::options::{Flood, Options};
use super::backend::Backend;
use super::deployment::{self, Parts};
use super::processor_time::Reading;
use super::proxies::portcullis::Portcullis;
use super::{DRIVER_CORE, machine, message, workplace};

/// How long a flood runs before it is measured.
const SWELLING: Duration = Duration::from_secs(8);
/// How long nothing happens after one.
const CALM: Duration = Duration::from_secs(4);

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    if let Some(flood) = flood::Order::parse(arguments)? {
        return flood::run(&flood);
    }
    let Some(options) = Options::parse(arguments)? else {
        return Ok(());
    };
    machine::pin_self(DRIVER_CORE)?;
    machine::raise_priority();
    if options.idle > 0 {
        idle::measure(&World::build(&options)?, options.idle)?;
    }
    for flood in &options.floods {
        // Another server each time: it knows who flooded it.
        measure(&World::build(&options)?, *flood, &options)?;
    }
    Ok(())
}

/// A server with one open route.
struct World {
    server: Portcullis,
    host: String,
    request: Vec<u8>,
}

/// Of the route that is asked for.
const PATH: &str = "/prod/plain";

impl World {
    fn build(options: &Options) -> Result<Self> {
        let backend = Backend::start()?;
        let folder = workplace::fresh_folder("floods")?;
        let template = deployment::write_template(&folder, backend.address, Parts::default())?;
        let server = Portcullis::start(&options.server, &folder, &template, &[])?;
        let host = server.host(&server.output("ApiId")?);
        let request = message::get(&host, PATH, &[]);
        Ok(Self {
            server,
            host,
            request,
        })
    }
}

/// The flood's process; it ends with us.
struct Running {
    child: Child,
    said: thread::JoinHandle<Vec<String>>,
}

impl Running {
    fn start(world: &World, flood: Flood) -> Result<Self> {
        let order = flood::Order::new(world, flood);
        let mut command = Command::new("chrt");
        command
            .args(["--idle", "0"])
            .arg(std::env::current_exe()?)
            .args(order.arguments());
        let mut child = command.stdout(Stdio::piped()).stdin(Stdio::null()).spawn()?;
        let lines = BufReader::new(child.stdout.take().context("no output")?).lines();
        let said = thread::spawn(move || lines.map_while(Result::ok).collect());
        Ok(Self { child, said })
    }

    /// Ends it, and returns what it said, a line a second.
    fn end(mut self) -> Vec<String> {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.said.join().unwrap_or_default()
    }
}

/// Asks without the flood, with it, and without it again.
fn measure(world: &World, flood: Flood, options: &Options) -> Result<()> {
    let name = flood.kind.name();
    let before = clients::ask(world, options.clients, options.seconds)?;
    let memory = memory::proportional(world.server.process.id())?;
    let running = Running::start(world, flood)?;
    let arriving = clients::ask(world, options.clients, SWELLING)?;
    let watch = Watch::start(world.server.process.id());
    let used = Reading::of(world.server.process.id())?;
    let began = Instant::now();
    let during = clients::ask(world, options.clients, options.seconds)?;
    let busy =
        Reading::of(world.server.process.id())?.since(&used).as_secs_f64() / began.elapsed().as_secs_f64();
    let most = watch.end();
    let said = running.end();
    thread::sleep(CALM);
    let after = clients::ask(world, options.clients, options.seconds)?;
    for (when, times) in [
        ("before", &before),
        ("while it comes", &arriving),
        ("during", &during),
        ("after", &after),
    ] {
        println!("{name}, {when}: {times}");
    }
    println!(
        "{name}: p99 {:.2} times that before, {:.1} MiB more memory at most, {busy:.2} processors busy",
        during.p99() / before.p99(),
        (most.saturating_sub(memory)) as f64 / f64::from(1 << 20)
    );
    for line in said.iter().rev().take(4).rev() {
        println!("{name}: {line}");
    }
    Ok(())
}

/// Looks at a process's memory twice a second and keeps the most.
struct Watch {
    ended: Arc<AtomicBool>,
    most: Arc<AtomicU64>,
    thread: thread::JoinHandle<()>,
}

impl Watch {
    fn start(process: u32) -> Self {
        let (ended, most) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (its_end, its_most) = (Arc::clone(&ended), Arc::clone(&most));
        let thread = thread::spawn(move || {
            while !its_end.load(Ordering::Relaxed) {
                its_most.fetch_max(
                    memory::proportional(process).unwrap_or_default(),
                    Ordering::Relaxed,
                );
                thread::sleep(Duration::from_millis(500));
            }
        });
        Self { ended, most, thread }
    }

    fn end(self) -> u64 {
        self.ended.store(true, Ordering::Relaxed);
        let _ = self.thread.join();
        self.most.load(Ordering::Relaxed)
    }
}
