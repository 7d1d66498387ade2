//! The state behind all handlers: the app, and what only the web needs.

use std::sync::{Arc, OnceLock};

use crate::app::App;
use crate::i18n::Catalogue;
use crate::web::brand::{Brand, BrandError};
use crate::web::help::HelpSite;
use crate::web::page::{Answers, Pages};
use crate::web::prepared::{Latest, Prepared};
use crate::web::request::rate_limit::Limits;

/// Cheap to clone.
#[derive(Clone)]
pub struct WebState {
    pub app: App,
    pub catalogue: Arc<Catalogue>,
    pub pages: Arc<Pages>,
    pub help: Arc<HelpSite>,
    pub limits: Arc<Limits>,
    pub prepared: Arc<PreparedAnswers>,
}

/// What is the same for everybody, as it was made last.
#[derive(Default)]
pub struct PreparedAnswers {
    pub discovery: OnceLock<Prepared>,
    pub jwks: Latest,
    pub openapi: OnceLock<Prepared>,
    pub sitemap: Latest,
}

/// Why pages or help can't be shown.
#[derive(Debug, thiserror::Error)]
pub enum WebStateError {
    #[error(transparent)]
    Pages(#[from] crate::web::page::RenderError),
    #[error(transparent)]
    Brand(#[from] BrandError),
    #[error(transparent)]
    Help(#[from] crate::web::help::HelpError),
}

impl WebState {
    pub fn new(app: App) -> Result<WebState, WebStateError> {
        let catalogue = Arc::clone(&app.catalogue);
        let help = Arc::new(HelpSite::load(&app)?);
        let answers = Arc::clone(&help);
        let answers: Answers = Arc::new(move |locale, id| answers.answer_in_place(locale, id));
        Ok(WebState {
            pages: Arc::new(Pages::load(Arc::clone(&catalogue), answers, Brand::load(&app.settings.society)?)?),
            help,
            limits: Arc::new(Limits::new(&app.settings.rate_limits, app.clock.clone())),
            prepared: Arc::default(),
            catalogue,
            app,
        })
    }
}

impl axum::extract::FromRef<WebState> for App {
    fn from_ref(web: &WebState) -> App {
        web.app.clone()
    }
}
