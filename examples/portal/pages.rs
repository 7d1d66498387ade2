//! Drawing pages: the templates under `pages/` and the words of `strings_*.toml`, embedded in the program.

use std::error::Error;

use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum_extra::extract::cookie::{Cookie, SameSite};
use tera::{Context, Tera};
use url::Url;

use super::locale::{self, Locale};
use super::session::Member;

const TEMPLATES: [(&str, &str); 6] = [
    ("layout.html", include_str!("pages/layout.html")),
    ("start.html", include_str!("pages/start.html")),
    ("guide.html", include_str!("pages/guide.html")),
    ("faq.html", include_str!("pages/faq.html")),
    ("component.html", include_str!("pages/component.html")),
    ("message.html", include_str!("pages/message.html")),
];

pub struct Pages {
    tera: Tera,
    japanese: toml::Table,
    english: toml::Table,
    /// Where members look after their name, address, password and authenticators: at the provider.
    profile_url: Url,
}

impl Pages {
    pub fn new(profile_url: Url) -> Result<Pages, Box<dyn Error + Send + Sync>> {
        let mut tera = Tera::default();
        tera.add_raw_templates(TEMPLATES)?;
        let japanese = include_str!("strings_ja.toml").parse()?;
        let english = include_str!("strings_en.toml").parse()?;
        Ok(Pages { tera, japanese, english, profile_url })
    }

    pub fn render(
        &self,
        status: StatusCode,
        template: &str,
        locale: Locale,
        member: Option<&Member>,
        content: serde_json::Value,
    ) -> Response {
        let words = match locale {
            Locale::Japanese => &self.japanese,
            Locale::English => &self.english,
        };
        let mut context = Context::new();
        context.insert("locale", locale.tag());
        context.insert("other_locale", locale.other().tag());
        context.insert("words", words);
        context.insert("profile_url", self.profile_url.as_str());
        context.insert("member_name", &member.map(|member| &member.name));
        context.insert("form_token", &member.map(|member| member.form_token.secret()));
        context.insert("content", &content);
        match self.tera.render(template, &context) {
            Ok(page) => {
                let language = Cookie::build((locale::COOKIE, locale.tag())).path("/").same_site(SameSite::Lax).build();
                (status, [(header::SET_COOKIE, language.to_string())], Html(page)).into_response()
            }
            Err(error) => {
                tracing::error!("page {template}: {error}");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

pub async fn css() -> impl IntoResponse {
    const CSS: &str = include_str!("pages/portal.css");
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=300")], CSS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_have_the_same_words() {
        let pages = Pages::new("http://localhost:8080/account/profile".parse().unwrap()).unwrap();
        let keys = |words: &toml::Table| words.keys().cloned().collect::<std::collections::BTreeSet<_>>();
        assert_eq!(keys(&pages.japanese), keys(&pages.english));
    }

    #[tokio::test]
    async fn help_is_drawn_as_category_question_answer() {
        let pages = Pages::new("http://localhost:8080/account/profile".parse().unwrap()).unwrap();
        let faq = serde_json::json!({ "faq": { "categories": [ { "id": "login", "title": "Logging in <1>", "questions": [
            { "id": "lock", "title": "Why?", "answer": { "html": "<p>Because.</p>" } } ] } ] } });
        let response = pages.render(StatusCode::OK, "faq.html", Locale::English, None, faq);
        assert_eq!(response.status(), StatusCode::OK);
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let page = String::from_utf8(body.to_vec()).unwrap();
        assert!(page.contains("<p>Because.</p>") && page.contains("Logging in &lt;1&gt;"), "{page}");
    }
}
