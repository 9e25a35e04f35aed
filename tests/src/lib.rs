//! What the end-to-end tests stand on: the real server, real browsers and real agents' clients, a
//! proxy that spoils the line between them, and a judge that knows only what was written and what
//! each screen shows.

pub mod address;
pub mod agent;
pub mod browser;
pub mod checker;
pub mod disk;
pub mod documents;
pub mod durability;
pub mod foreign;
pub mod integrity;
pub mod pages;
pub mod process;
pub mod proxy;
pub mod samples;
pub mod server;
pub mod soak;
pub mod stage;
pub mod strace;
pub mod visitor;
pub mod wait;
pub mod wire;

/// Makes one test per engine of each of these functions, which take the engine: a failure names it.
#[macro_export]
macro_rules! in_every_engine {
    ($($scenario:ident),* $(,)?) => {
        $(
            mod $scenario {
                use $crate::browser::Engine;

                #[tokio::test(flavor = "multi_thread")]
                async fn chromium() -> anyhow::Result<()> {
                    super::$scenario(Engine::Chromium).await
                }

                #[tokio::test(flavor = "multi_thread")]
                async fn firefox() -> anyhow::Result<()> {
                    super::$scenario(Engine::Firefox).await
                }

                #[tokio::test(flavor = "multi_thread")]
                async fn webkit() -> anyhow::Result<()> {
                    super::$scenario(Engine::WebKit).await
                }
            }
        )*
    };
}
