//! `bench`: what does a request cost, beside nginx and Envoy? One loopback backend, one load generator, all proxies in
//! turn in paired rounds (A B C, C B A), the proxy on core 1 and everything else on core 0.

mod admin;
mod backend;
mod contest;
mod deployment;
mod elliptic;
pub(crate) mod floods;
pub(crate) mod instructions;
mod keys;
mod layers;
mod load;
mod machine;
mod message;
mod mutual_tls;
mod options;
mod processor_time;
mod proxies;
mod report;
mod scenarios;
mod statistics;
mod tls;
mod unseen;
mod workplace;

use anyhow::Result;

use options::Options;
use scenarios::Stage;

/// The core of the proxy that is measured, and that of the client and the backend.
const PROXY_CORE: usize = 1;
const DRIVER_CORE: usize = 0;

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let Some(options) = Options::parse(arguments)? else {
        return Ok(());
    };
    machine::pin_self(DRIVER_CORE)?;
    let stage = Stage::build(&options)?;
    let contests = scenarios::all(&stage, &options)?;
    let mut results = Vec::new();
    for contest in contests {
        let result = contest.run(&options)?;
        println!("{}", report::table(&result));
        results.push(result);
    }
    let text = report::section(&results, &options);
    if options.writes {
        report::write("bench", &text)?;
    }
    Ok(())
}
