//! The site on whose pages the pictures are taken.

use std::net::SocketAddr;

use anyhow::Result;
use holdfast_tests::{
    pages::{Page, Pages, tag},
    samples::REJECT,
};

/// A page of which nobody asks anything.
const SHOP: &str =
    "body { margin: 0; font: 17px/1.6 Georgia, serif; color: #333; background: #f6f2ea }
    header { padding: 20px 32px; background: #3b4a3f; color: #fff; font-size: 24px }
    main { max-width: 640px; padding: 16px 32px } a { color: #7a4a12 }
    html.dark body { color: #ddd; background: #22211f } html.dark a { color: #e0b06f }";

/// A page that means everything, and must not reach the widget.
const HOSTILE: &str =
    "* { all: unset !important; display: block !important; font: italic 29px/2 serif !important;
    color: #c0f !important; letter-spacing: 5px !important; transform: rotate(-1deg) !important;
    background: #ff9 !important; text-transform: uppercase !important; direction: rtl !important }
    html { transform: none !important } script, style, head { display: none !important }";

/// A phone's window, in engines that have no narrower one than a frame.
const PHONE: &str = "<!doctype html><html lang=\"en\"><title>Phone</title><style>body { margin: 0 }
    iframe { display: block; border: 0 }</style>
    <script>const frame = document.createElement('iframe'); frame.title = 'phone';
    [frame.width, frame.height, frame.src] = location.hash.slice(1).split(',');
    document.documentElement.append(frame);</script>";

/// A page that is enlarged.
const ZOOMED: &str =
    "body { margin: 0; font: 17px/1.6 Georgia, serif; color: #333; background: #f6f2ea }
    html { zoom: 1.5 } html.dark body { color: #ddd; background: #22211f }";

/// By this name a window knows that it is the chat's own.
const OWN_NAME: &str = "window.name = 'holdfast-window:demo';";

/// The languages of the pages, as `data-locale` names them, with their direction and some words.
const LOCALES: [(&str, &str, &str, &str, &str); 3] = [
    (
        "en",
        "ltr",
        "Ropes, hooks and harnesses",
        "Everything for climbers since 1989, at prices that hold. <a href=\"/empty\">Come in</a> and look around.",
        "We ship to forty countries, and answer every question that you may have.",
    ),
    (
        "ar",
        "rtl",
        "حبال وخطاطيف وأحزمة",
        "كل ما يحتاجه المتسلقون منذ عام 1989 وبأسعار ثابتة. <a href=\"/empty\">تفضل</a> بالدخول.",
        "نشحن إلى أربعين بلداً، ونجيب عن كل أسئلتك.",
    ),
    (
        "zh-Hans",
        "ltr",
        "绳索、挂钩与安全带",
        "自 1989 年起为登山者提供一切所需,价格稳定。<a href=\"/empty\">欢迎</a>光临。",
        "我们发货至四十个国家,并回答您的每一个问题。",
    ),
];

/// Where the pages are: by kind, theme and language.
pub(super) async fn serve(server: SocketAddr) -> Result<Pages> {
    let mut pages = vec![
        ("/phone".to_owned(), Page::html(PHONE)),
        ("/empty".to_owned(), Page::html("<title>Empty</title>")),
    ];
    for theme in ["light", "dark"] {
        for (locale, dir, title, first, second) in LOCALES {
            for (kind, style, script, options) in [
                ("shop", SHOP, "", ""),
                ("hostile", HOSTILE, "", ""),
                ("own", SHOP, OWN_NAME, ""),
                ("zoomed", ZOOMED, "", ""),
                (
                    "orange",
                    SHOP,
                    "",
                    "data-position=\"left\" data-accent=\"#e8590c\"",
                ),
                ("pale", SHOP, "", "data-accent=\"#fffde7\""),
            ] {
                let attributes = format!(
                    "data-site=\"demo\" data-theme=\"{theme}\" data-locale=\"{locale}\" {options}"
                );
                let tag = tag(server, &attributes);
                let html = format!(
                    "<!doctype html><html lang=\"{locale}\" dir=\"{dir}\" class=\"{theme}\"><head>\
                     <meta charset=\"utf-8\"><title>Shop</title>\
                     <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><style>{style}</style>\
                     <script>window.name = ''; {script} {REJECT}</script></head><body>\
                     <header>Alpenglow Outfitters</header><main><h1>{title}</h1><p>{first}</p><p>{second}</p></main>\
                     {tag}</body></html>"
                );
                pages.push((format!("/{kind}/{theme}/{locale}"), Page::html(html)));
            }
        }
    }
    Pages::serve(
        pages
            .iter()
            .map(|(path, page)| (path.as_str(), page.clone())),
    )
    .await
}
