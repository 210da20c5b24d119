//! The command line, as `--help` teaches it. It only reads; [`crate::commands`] acts.

mod up;

use std::{collections::BTreeMap, ffi::OsString, net::SocketAddr, path::PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

pub(crate) use up::Up;
use up::{read_up, up};

/// A command with its arguments, checked.
#[derive(Debug)]
pub(crate) enum Invocation {
    Up(Box<Up>),
    Serve {
        config: PathBuf,
    },
    CredentialsCreate {
        config: PathBuf,
        /// Another account than the configuration's.
        account: Option<String>,
    },
    Deploy(Deploy),
    Exec {
        data: PathBuf,
        command: Vec<OsString>,
    },
    Explain {
        data: PathBuf,
        request_id: Option<String>,
    },
    Unseal {
        file: PathBuf,
        data: PathBuf,
        config: Option<PathBuf>,
    },
    Check {
        template: PathBuf,
        parameters: BTreeMap<String, String>,
    },
}

/// `portcullis deploy`.
#[derive(Debug)]
pub(crate) struct Deploy {
    pub(crate) template: PathBuf,
    pub(crate) stack: String,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) data: PathBuf,
}

/// Reads the command line. `--help` and mistakes end the program here.
pub(crate) fn parse() -> Result<Invocation> {
    read(&command().get_matches())
}

/// Prints an error with its causes.
#[allow(clippy::print_stderr, reason = "the terminal is where a command's errors go")]
pub(crate) fn complain(error: &anyhow::Error) {
    eprintln!("portcullis: {error:#}");
}

fn command() -> Command {
    Command::new("portcullis")
        .about("Every layer that guards an API, in one program you own")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(up())
        .subcommand(serve())
        .subcommand(
            Command::new("credentials")
                .about("Manages the account's own access keys")
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommand(
                    Command::new("create")
                        .about("Makes the first access key of an account of a `serve` installation and prints it once")
                        .arg(config())
                        .arg(
                            Arg::new("account")
                                .long("account")
                                .value_name("A")
                                .help("The account, if it is not the configuration's: twelve digits"),
                        ),
                ),
        )
        .subcommand(deploy())
        .subcommand(exec())
        .subcommand(explain())
        .subcommand(unseal())
        .subcommand(
            Command::new("check")
                .about("Lists every problem of a template with its place; exit status 1 if there is one")
                .long_about(
                    "Lists every problem of a template with line and column. Needs no server. What depends on a \
                     parameter without a value is not judged. Exit status: 0 when there is none, 1 when there is one.",
                )
                .arg(Arg::new("template").value_name("TEMPLATE").required(true).value_parser(value_parser!(PathBuf)))
                .arg(parameter()),
        )
}

fn serve() -> Command {
    Command::new("serve")
        .about("Runs a production server: nothing implicit, no proxy, no generated CA")
        .after_help(
            "The file is TOML; docs/configuration.md lists every setting. Make the first access key with\n  \
             portcullis credentials create --config FILE",
        )
        .arg(config())
}

fn deploy() -> Command {
    Command::new("deploy")
        .about("Creates or updates a stack on a running server, with progress")
        .arg(
            Arg::new("template")
                .value_name("TEMPLATE")
                .required(true)
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(
            Arg::new("stack")
                .long("stack")
                .value_name("NAME")
                .required(true)
                .help("The stack's name"),
        )
        .arg(parameter())
        .arg(data())
}

fn exec() -> Command {
    Command::new("exec")
        .about("Runs a command with AWS keys, endpoint, proxy and CA of a running `up` in its environment")
        .after_help("Example:\n  portcullis exec -- aws cognito-idp list-user-pools --max-results 10")
        .arg(data())
        .arg(
            Arg::new("command")
                .value_name("COMMAND")
                .required(true)
                .num_args(1..)
                .last(true)
                .value_parser(value_parser!(OsString)),
        )
}

fn explain() -> Command {
    Command::new("explain")
        .about("Shows which layer decided what about a request, why, and how long it took")
        .arg(
            Arg::new("request-id")
                .value_name("REQUEST-ID")
                .help("As in the answer's x-amzn-RequestId header"),
        )
        .arg(flag("last", "The newest request on any listener").conflicts_with("request-id"))
        .arg(data())
}

fn unseal() -> Command {
    Command::new("unseal")
        .about("Prints what a sealed log holds; needs the root key and no server")
        .arg(
            Arg::new("file")
                .value_name("FILE")
                .required(true)
                .help("Such as .portcullis/logs/access/NAME.log.sealed")
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(data())
        .arg(config().required(false).conflicts_with("data"))
}

fn parameter() -> Arg {
    repeated(
        "parameter",
        "K=V",
        "A value for a template's parameter; may be repeated",
    )
}

fn repeated(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name(value)
        .action(ArgAction::Append)
        .help(help)
}

fn data() -> Arg {
    Arg::new("data")
        .long("data")
        .value_name("DIR")
        .default_value(".portcullis")
        .help("The data directory")
        .value_parser(value_parser!(PathBuf))
}

fn config() -> Arg {
    Arg::new("config")
        .long("config")
        .value_name("FILE")
        .required(true)
        .help("The configuration file, TOML")
        .value_parser(value_parser!(PathBuf))
}

fn text(name: &'static str, value: &'static str, default: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name(value)
        .default_value(default)
        .help(help)
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

fn address(name: &'static str, default: &'static str, help: &'static str) -> Arg {
    text(name, "ADDR", default, help).value_parser(value_parser!(SocketAddr))
}

fn read(matches: &ArgMatches) -> Result<Invocation> {
    let (name, matches) = matches.subcommand().context("no command")?;
    Ok(match name {
        "up" => Invocation::Up(Box::new(read_up(matches)?)),
        "serve" => Invocation::Serve {
            config: path(matches, "config")?,
        },
        "credentials" => {
            let (_, matches) = matches.subcommand().context("no command")?;
            Invocation::CredentialsCreate {
                config: path(matches, "config")?,
                account: matches.get_one::<String>("account").cloned(),
            }
        }
        "deploy" => Invocation::Deploy(Deploy {
            template: path(matches, "template")?,
            stack: value(matches, "stack")?,
            parameters: parameters(matches)?,
            data: path(matches, "data")?,
        }),
        "exec" => Invocation::Exec {
            data: path(matches, "data")?,
            command: matches
                .get_many::<OsString>("command")
                .into_iter()
                .flatten()
                .cloned()
                .collect(),
        },
        "explain" => Invocation::Explain {
            data: path(matches, "data")?,
            request_id: matches.get_one::<String>("request-id").cloned(),
        },
        "unseal" => Invocation::Unseal {
            file: path(matches, "file")?,
            data: path(matches, "data")?,
            config: matches.get_one::<PathBuf>("config").cloned(),
        },
        _ => Invocation::Check {
            template: path(matches, "template")?,
            parameters: parameters(matches)?,
        },
    })
}

fn parameters(matches: &ArgMatches) -> Result<BTreeMap<String, String>> {
    pairs(matches, "parameter", "KEY=VALUE")
}

/// Reads an option of the form `KEY=VALUE` that may be repeated, each key once.
fn pairs(matches: &ArgMatches, name: &str, form: &str) -> Result<BTreeMap<String, String>> {
    let mut pairs = BTreeMap::new();
    for given in matches.get_many::<String>(name).into_iter().flatten() {
        let (key, value) = given
            .split_once('=')
            .with_context(|| format!("--{name} `{given}`: expected {form}"))?;
        if pairs.insert(key.to_owned(), value.to_owned()).is_some() {
            bail!("--{name} `{key}` is given twice");
        }
    }
    Ok(pairs)
}

fn path(matches: &ArgMatches, name: &str) -> Result<PathBuf> {
    value(matches, name)
}

fn value<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, name: &str) -> Result<T> {
    matches
        .get_one::<T>(name)
        .cloned()
        .with_context(|| format!("`{name}` is missing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Invocation> {
        read(&command().try_get_matches_from(words)?)
    }

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn up_has_the_defaults_of_the_contract() {
        let Invocation::Up(up) = parse(&["portcullis", "up"]).unwrap() else {
            panic!()
        };
        assert_eq!(up.data, PathBuf::from(".portcullis"));
        assert_eq!(
            (up.region.as_str(), up.account.as_str()),
            ("us-east-1", "000000000000")
        );
        assert_eq!(up.domain, "portcullis.localhost");
        let ports = [up.public, up.public_http, up.admin, up.proxy].map(|address| address.port());
        assert_eq!(ports, [8443, 8080, 4566, 8444]);
    }

    #[test]
    fn mistakes_name_the_argument() {
        for (words, part) in [
            (vec!["portcullis", "up", "--parameter", "A"], "KEY=VALUE"),
            (
                vec!["portcullis", "up", "--parameter", "A=1", "--parameter", "A=2"],
                "twice",
            ),
            (vec!["portcullis", "up", "--account", "1"], "twelve digits"),
            (
                vec!["portcullis", "up", "--function", "name=http://x"],
                "function's ARN",
            ),
            (
                vec![
                    "portcullis",
                    "up",
                    "--function",
                    "arn:aws:lambda:us-east-1:000000000000:function:f=ftp://x",
                ],
                "http",
            ),
            (
                vec!["portcullis", "up", "--bucket", "code=/no/such/folder"],
                "no folder",
            ),
            (vec!["portcullis", "up", "--account-throttle", "10"], "RATE:BURST"),
            (vec!["portcullis", "up", "--account-throttle", "0:5"], "above 0"),
            (vec!["portcullis", "up", "--proxy", "0.0.0.0:1"], "loopback"),
            (
                vec!["portcullis", "up", "a.yaml", "b.yaml", "--stack", "x"],
                "--stack",
            ),
            (vec!["portcullis", "up", "--region", "US_EAST"], "region"),
        ] {
            let error = format!("{:#}", parse(&words).unwrap_err());
            assert!(error.contains(part), "{words:?}: {error}");
        }
    }

    #[test]
    fn exec_takes_everything_behind_the_dashes() {
        let Invocation::Exec { command, .. } =
            parse(&["portcullis", "exec", "--", "curl", "--data", "x"]).unwrap()
        else {
            panic!()
        };
        assert_eq!(command, ["curl", "--data", "x"]);
    }
}
