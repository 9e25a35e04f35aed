//! A visitor without a browser, for the tests. See `holdfast_tests::visitor`.

use anyhow::Result;
use clap::Parser as _;
use holdfast_tests::visitor::{self, Options};

#[derive(clap::Parser)]
struct Cli {
    #[command(flatten)]
    options: Options,
}

#[tokio::main]
async fn main() -> Result<()> {
    visitor::run(Cli::parse().options).await
}
