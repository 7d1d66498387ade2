//! `/help/sitemap.xml`: the addresses of the help, for search engines, in every language (https://www.sitemaps.org).

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;

use crate::web::paths;
use crate::web::state::WebState;

pub async fn get(State(web): State<WebState>, asked: HeaderMap) -> Response {
    let snapshot = web.help.current().await;
    let issuer = web.app.settings.issuer();
    let first = snapshot.content.in_locale(crate::domain::help::FIRST_LOCALE);
    let questions = first.categories.iter().flat_map(|category| &category.questions);
    let paths = [paths::HELP, paths::HELP_FAQ, paths::HELP_GUIDE].map(str::to_owned).into_iter();
    let paths = paths.chain(questions.map(|question| format!("/help/faq/{}", question.id)));
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset \
                   xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" xmlns:xhtml=\"http://www.w3.org/1999/xhtml\">\n"
        .to_owned();
    for path in paths {
        for locale in web.catalogue.locales() {
            xml.push_str(&format!("<url><loc>{issuer}{path}?ui_locales={locale}</loc>"));
            for other in web.catalogue.locales() {
                xml.push_str(&format!(
                    "<xhtml:link rel=\"alternate\" hreflang=\"{other}\" href=\"{issuer}{path}?ui_locales={other}\"/>"
                ));
            }
            xml.push_str("</url>\n");
        }
    }
    xml.push_str("</urlset>\n");
    let with = [(CONTENT_TYPE, "application/xml; charset=utf-8"), (CACHE_CONTROL, "public, no-cache")];
    let with = with.map(|(name, value)| (name, HeaderValue::from_static(value)));
    web.prepared.sitemap.of(xml).answer(&asked, HeaderMap::from_iter(with))
}
