//! A real browser for tests: Debian's Chromium, spoken to in the DevTools protocol over a pair of pipes
//! (`--remote-debugging-pipe`: JSON texts, each ended by a zero byte).
//!
//! One Chromium serves a whole test binary. A [`Browser`] is a context of its own in it: no cookies, no cache, no
//! storage in common with another. A [`Page`] is a tab. Every act first waits for its element, and a click or key that
//! makes the page navigate returns when the new page has loaded. Clicks and typing are real input events and elements
//! are found through the DOM, so everything here works with the page's scripts switched off, too.
//!
//! The pipes also end Chromium: it quits when the test process dies, however that happens, and the shell that started
//! it then removes the profile folder.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use base64::Engine as _;
use serde_json::{Value, json};
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep, timeout};

/// How long anything may take before the test fails. Generous, as CI machines are slow; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(20);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// A member's browser.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Of the page, in CSS pixels.
    pub width: u32,
    pub height: u32,
    /// A phone: touch, the page's own `viewport` meta element obeyed, two device pixels to one of CSS.
    pub mobile: bool,
    /// `Accept-Language` and `navigator.language`.
    pub locale: &'static str,
    /// Whether pages may run scripts.
    pub javascript: bool,
}

impl Options {
    pub const DESKTOP: Options = Options { width: 1280, height: 800, mobile: false, locale: "ja", javascript: true };
    pub const PHONE: Options = Options { width: 360, height: 740, mobile: true, locale: "ja", javascript: true };
}

/// A browser that nobody has used yet. Its tabs, cookies and storage go when it is dropped.
pub struct Browser {
    chromium: &'static Chromium,
    context: String,
    options: Options,
}

impl Browser {
    pub async fn launch(options: Options) -> Browser {
        let chromium = Chromium::shared();
        let created = chromium.command(None, "Target.createBrowserContext", json!({ "disposeOnDetach": true })).await;
        Browser { chromium, context: string(&created.unwrap(), "browserContextId"), options }
    }

    /// A new tab.
    pub async fn page(&self) -> Page {
        let chromium = self.chromium;
        let about_blank = json!({ "url": "about:blank", "browserContextId": self.context });
        let target = string(&chromium.command(None, "Target.createTarget", about_blank).await.unwrap(), "targetId");
        let attach = json!({ "targetId": target, "flatten": true });
        let attached = chromium.command(None, "Target.attachToTarget", attach).await.unwrap();
        let session = string(&attached, "sessionId");
        let journey = Journey { main_frame: target.clone(), begun: Begun::No, goes_on: false, asked_for: Vec::new() };
        let (journey, _) = watch::channel(journey);
        let journey = Arc::new(journey);
        chromium.journeys.lock().unwrap().insert(session.clone(), Arc::clone(&journey));

        let page = Page { chromium, session, target, journey };
        let Options { width, height, mobile, locale, javascript } = self.options;
        page.command("Page.enable", json!({})).await;
        page.command("Network.enable", json!({})).await;
        // A tab behind another takes input and keeps its focus as if it stood in front.
        page.command("Emulation.setFocusEmulationEnabled", json!({ "enabled": true })).await;
        let scale = if mobile { 2 } else { 1 };
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": mobile });
        page.command("Emulation.setDeviceMetricsOverride", metrics).await;
        page.command("Emulation.setTouchEmulationEnabled", json!({ "enabled": mobile })).await;
        page.command("Emulation.setScriptExecutionDisabled", json!({ "value": !javascript })).await;
        let agent = string(&chromium.command(None, "Browser.getVersion", json!({})).await.unwrap(), "userAgent");
        let language = json!({ "userAgent": agent, "acceptLanguage": locale });
        page.command("Emulation.setUserAgentOverride", language).await;
        page
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.chromium.send(None, "Target.disposeBrowserContext", json!({ "browserContextId": self.context }));
    }
}

/// A tab. What it cannot do, the test says by a panic that names the selector and the page.
pub struct Page {
    chromium: &'static Chromium,
    session: String,
    target: String,
    journey: Arc<watch::Sender<Journey>>,
}

impl Page {
    pub async fn goto(&self, url: &str) {
        self.navigating("Page.navigate", json!({ "url": url })).await;
    }

    pub async fn reload(&self) {
        self.navigating("Page.reload", json!({})).await;
    }

    /// The browser's back button.
    pub async fn back(&self) {
        let history = self.command("Page.getNavigationHistory", json!({})).await;
        let previous = history["currentIndex"].as_u64().unwrap().checked_sub(1).expect("a page to go back to");
        let entry = &history["entries"][usize::try_from(previous).unwrap()]["id"];
        self.navigating("Page.navigateToHistoryEntry", json!({ "entryId": entry })).await;
    }

    /// Clicks the middle of the first element that matches, scrolling it into view.
    pub async fn click(&self, selector: &str) {
        let (x, y) = self.looking_for(selector, async || self.middle_of(selector).await).await;
        for (kind, buttons) in [("mouseMoved", 0), ("mousePressed", 1), ("mouseReleased", 0)] {
            let button = if kind == "mouseMoved" { "none" } else { "left" };
            let event = json!({ "type": kind, "x": x, "y": y, "button": button, "buttons": buttons, "clickCount": 1 });
            self.command("Input.dispatchMouseEvent", event).await;
        }
        self.settled().await;
    }

    /// Replaces what stands in a field by `text`, as if pasted.
    pub async fn fill(&self, selector: &str, text: &str) {
        let node = self.find(selector).await;
        self.command("DOM.focus", json!({ "nodeId": node })).await;
        // Editing commands are the browser's own, so they need no script.
        let select_all = json!({ "type": "rawKeyDown", "commands": ["selectAll"] });
        self.command("Input.dispatchKeyEvent", select_all).await;
        let delete = json!({ "type": "rawKeyDown", "commands": ["delete"] });
        self.command("Input.dispatchKeyEvent", delete).await;
        self.command("Input.insertText", json!({ "text": text })).await;
    }

    /// Presses and releases a named key (`Enter`, `Tab`, `Escape`, `ArrowDown`) where the focus is.
    pub async fn press(&self, key: &str) {
        let (code, text) = match key {
            "Enter" => (13, "\r"),
            "Tab" => (9, ""),
            "Escape" => (27, ""),
            " " => (32, " "),
            "ArrowDown" => (40, ""),
            other => panic!("the harness does not know the key {other:?} yet"),
        };
        let down = json!({ "type": "keyDown", "key": key, "windowsVirtualKeyCode": code, "text": text });
        self.command("Input.dispatchKeyEvent", down).await;
        self.command("Input.dispatchKeyEvent", json!({ "type": "keyUp", "key": key, "windowsVirtualKeyCode": code }))
            .await;
        self.settled().await;
    }

    /// Chooses the option with this `value` of a `<select>`.
    pub async fn select(&self, selector: &str, value: &str) {
        let choose = "function(value) { this.value = value; this.dispatchEvent(new Event('change', { bubbles: true })); return this.value }";
        assert_eq!(self.ask(selector, choose, &[value.into()]).await, value, "{selector} has no such option");
        self.settled().await;
    }

    /// The element's text as it is seen, without the space around it.
    pub async fn text(&self, selector: &str) -> String {
        let text = self.ask(selector, "function() { return this.innerText }", &[]).await;
        text.as_str().expect("an element with text").trim().to_owned()
    }

    /// What stands in a field.
    pub async fn value(&self, selector: &str) -> String {
        self.ask(selector, "function() { return this.value }", &[]).await.as_str().expect("a field").to_owned()
    }

    pub async fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        let attribute = self.ask(selector, "function(name) { return this.getAttribute(name) }", &[name.into()]).await;
        attribute.as_str().map(str::to_owned)
    }

    /// Whether an element is on the page now; it may be hidden.
    pub async fn exists(&self, selector: &str) -> bool {
        self.look(selector).await.is_some()
    }

    /// Waits until the element is on the page.
    pub async fn wait_for(&self, selector: &str) {
        self.find(selector).await;
    }

    pub async fn url(&self) -> String {
        let tree = self.command("Page.getFrameTree", json!({})).await;
        let frame = &tree["frameTree"]["frame"];
        format!("{}{}", string(frame, "url"), frame["urlFragment"].as_str().unwrap_or_default())
    }

    /// Waits until the tab, or a redirect on its way, asks for an address that begins so, whether or not anything here can
    /// open it; the address.
    pub async fn asks_for(&self, beginning: &str) -> String {
        let found = |journey: &Journey| journey.asked_for.iter().find(|url| url.starts_with(beginning)).cloned();
        let mut journey = self.journey.subscribe();
        match timeout(PATIENCE, journey.wait_for(|journey| found(journey).is_some())).await {
            Ok(Ok(journey)) => found(&journey).unwrap(),
            _ => panic!("{beginning} was never asked for, but {:?}", self.journey.borrow().asked_for),
        }
    }

    /// The value of a script expression (promises are awaited). Works for the test even where the page may run none.
    pub async fn evaluate(&self, expression: &str) -> Value {
        let ask = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let mut answer = self.command("Runtime.evaluate", ask).await;
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].take()
    }

    /// A picture of the whole page, as PNG.
    pub async fn screenshot(&self, path: impl AsRef<Path>) {
        let whole = json!({ "format": "png", "captureBeyondViewport": true });
        let picture = string(&self.command("Page.captureScreenshot", whole).await, "data");
        let picture = base64::engine::general_purpose::STANDARD.decode(picture).unwrap();
        std::fs::write(path, picture).unwrap();
    }

    pub async fn close(self) {
        self.chromium.command(None, "Target.closeTarget", json!({ "targetId": self.target })).await.unwrap();
    }

    /// Gives the tab an authenticator built into the device, such as a phone's: it keeps passkeys and verifies its user.
    pub async fn authenticator(&self) -> VirtualAuthenticator<'_> {
        self.authenticator_by("internal").await
    }

    /// Gives the tab, of a computer, a phone that has read its QR code.
    pub async fn phone_beside(&self) -> VirtualAuthenticator<'_> {
        self.authenticator_by("cable").await
    }

    async fn authenticator_by(&self, transport: &str) -> VirtualAuthenticator<'_> {
        self.command("WebAuthn.enable", json!({ "enableUI": false })).await;
        let options = json!({ "protocol": "ctap2", "ctap2Version": "ctap2_1", "transport": transport,
            "hasResidentKey": true, "hasUserVerification": true, "isUserVerified": true,
            "automaticPresenceSimulation": true });
        let added = self.command("WebAuthn.addVirtualAuthenticator", json!({ "options": options })).await;
        VirtualAuthenticator { page: self, id: string(&added, "authenticatorId") }
    }

    /// Runs a script in every page that comes, before the page's own.
    pub async fn before_each_page(&self, script: &str) {
        self.command("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await;
    }

    /// Whether the element is there to be seen.
    pub async fn shows(&self, selector: &str) -> bool {
        let seen = "function() { return this.checkVisibility({ visibilityProperty: true }) }";
        self.exists(selector).await && self.ask(selector, seen, &[]).await == true
    }

    /// Any command of the DevTools protocol in this tab.
    pub async fn command(&self, method: &str, params: Value) -> Value {
        self.try_command(method, params.clone()).await.unwrap_or_else(|error| panic!("{method} {params}: {error}"))
    }

    async fn try_command(&self, method: &str, params: Value) -> Result<Value, String> {
        self.chromium.command(Some(&self.session), method, params).await
    }

    async fn navigating(&self, method: &str, params: Value) {
        self.journey.send_modify(|journey| journey.begun = Begun::Asked);
        let answer = self.command(method, params.clone()).await;
        assert!(answer.get("errorText").is_none(), "{params}: {}", answer["errorText"]);
        self.settled().await;
    }

    /// Returns when no navigation is under way. What an input event sets going is announced before the page answers
    /// the next question, so one is asked first.
    async fn settled(&self) {
        // Fails when the page has just been exchanged, which answers as well.
        drop(self.try_command("DOM.getDocument", json!({ "depth": 0 })).await);
        let mut journey = self.journey.subscribe();
        let arrived = timeout(PATIENCE, journey.wait_for(|journey| journey.begun == Begun::No)).await;
        assert!(arrived.is_ok(), "the page {} did not finish loading", self.url().await);
    }

    async fn find(&self, selector: &str) -> u64 {
        self.looking_for(selector, async || self.look(selector).await).await
    }

    async fn look(&self, selector: &str) -> Option<u64> {
        // The document may be exchanged between the two questions; then the next look finds the new one.
        let document = self.try_command("DOM.getDocument", json!({ "depth": 0 })).await.ok()?;
        let query = json!({ "nodeId": document["root"]["nodeId"], "selector": selector });
        match self.try_command("DOM.querySelector", query).await {
            Ok(found) => found["nodeId"].as_u64().filter(|node| *node != 0),
            Err(error) if error.contains("Could not find node") => None,
            Err(error) => panic!("{selector}: {error}"),
        }
    }

    async fn middle_of(&self, selector: &str) -> Option<(f64, f64)> {
        let node = json!({ "nodeId": self.look(selector).await? });
        self.try_command("DOM.scrollIntoViewIfNeeded", node.clone()).await.ok()?;
        // None for what is not drawn: then it may be shown yet.
        let quads = self.try_command("DOM.getContentQuads", node).await.ok()?;
        let corner = |index: usize| quads["quads"][0][index].as_f64();
        Some(((corner(0)? + corner(4)?) / 2.0, (corner(1)? + corner(5)?) / 2.0))
    }

    /// Calls a function with the element as `this`.
    async fn ask(&self, selector: &str, function: &str, arguments: &[Value]) -> Value {
        let arguments: Vec<_> = arguments.iter().map(|argument| json!({ "value": argument })).collect();
        self.looking_for(selector, async || {
            let node = self.look(selector).await?;
            let resolved = self.try_command("DOM.resolveNode", json!({ "nodeId": node })).await.ok()?;
            let call = json!({ "objectId": resolved["object"]["objectId"], "functionDeclaration": function,
                               "arguments": arguments, "returnByValue": true });
            let mut answer = self.try_command("Runtime.callFunctionOn", call).await.ok()?;
            Some(answer["result"]["value"].take())
        })
        .await
    }

    async fn looking_for<T>(&self, selector: &str, look: impl AsyncFn() -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look().await {
                return found;
            }
            if Instant::now() > deadline {
                let body =
                    self.try_command("Runtime.evaluate", json!({ "expression": "document.body.innerText" })).await;
                let body = body.map(|body| body["result"]["value"].clone()).unwrap_or_default();
                panic!("nothing matches {selector:?} on {}: {body}", self.url().await);
            }
            sleep(BETWEEN_LOOKS).await;
        }
    }
}

/// An authenticator of one tab (WebAuthn Level 3, 11).
pub struct VirtualAuthenticator<'a> {
    page: &'a Page,
    id: String,
}

impl VirtualAuthenticator<'_> {
    async fn command(&self, method: &str, mut params: Value) -> Value {
        params["authenticatorId"] = self.id.clone().into();
        self.page.command(&format!("WebAuthn.{method}"), params).await
    }

    /// Whether its user recognises a finger or face from now on.
    pub async fn verifies(&self, verifies: bool) {
        self.command("setUserVerified", json!({ "isUserVerified": verifies })).await;
    }

    /// Whether somebody answers it at once. Without anybody there, questions stay open.
    pub async fn attended(&self, attended: bool) {
        self.command("setAutomaticPresenceSimulation", json!({ "enabled": attended })).await;
    }

    /// Its credentials, with private keys, user handles and counters.
    pub async fn credentials(&self) -> Vec<Value> {
        self.command("getCredentials", json!({})).await["credentials"].as_array().unwrap().clone()
    }

    /// Whether its one credential may be copied to other devices, and is.
    pub async fn synchronise(&self, eligible: bool, synchronised: bool) {
        let id = self.credentials().await[0]["credentialId"].clone();
        let properties = json!({ "credentialId": id, "backupEligibility": eligible, "backupState": synchronised });
        self.command("setCredentialProperties", properties).await;
    }

    pub async fn put(&self, credential: &Value) {
        self.command("addCredential", json!({ "credential": credential })).await;
    }

    pub async fn forget(&self, credential: &Value) {
        self.command("removeCredential", json!({ "credentialId": credential["credentialId"] })).await;
    }

    /// Out of the device.
    pub async fn remove(self) {
        self.command("removeVirtualAuthenticator", json!({})).await;
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.chromium.journeys.lock().unwrap().remove(&self.session);
    }
}

/// Where a tab is between two pages, as its events tell.
#[derive(Clone, Debug)]
struct Journey {
    main_frame: String,
    begun: Begun,
    /// The page that loads leaves by itself, as by `<meta http-equiv="refresh">`.
    goes_on: bool,
    /// Every address that was asked for.
    asked_for: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Begun {
    No,
    /// By the test, a link, a form or a script; nothing is loading yet.
    Asked,
    Loading,
}

impl Journey {
    fn follow(&mut self, event: &str, params: &Value) {
        let frame = params.get("frameId").and_then(Value::as_str);
        if event == "Network.requestWillBeSent" && params["type"] == "Document" {
            self.asked_for.push(string(&params["request"], "url"));
        } else if event == "Page.frameNavigated" {
            let frame = &params["frame"];
            if frame.get("parentId").is_none() {
                self.main_frame = string(frame, "id");
            }
            // A page that was kept whole for the way back does not load again.
            if params["type"] == "BackForwardCacheRestore" {
                self.begun = Begun::No;
            }
        } else if frame == Some(self.main_frame.as_str()) {
            match event {
                // Links and forms schedule what they lead to as well, which need not be another page.
                "Page.frameScheduledNavigation" if params["reason"] == "metaTagRefresh" => self.goes_on = true,
                "Page.frameClearedScheduledNavigation" => self.goes_on = false,
                "Page.frameRequestedNavigation" => self.asked_for.push(string(params, "url")),
                _ => {}
            }
            self.begun = match event {
                "Page.frameScheduledNavigation" => Begun::Asked,
                "Page.frameRequestedNavigation" if params["disposition"] == "currentTab" => Begun::Asked,
                "Page.frameStartedLoading" => Begun::Loading,
                "Page.frameStoppedLoading" if self.goes_on => Begun::Asked,
                "Page.frameStoppedLoading" | "Page.navigatedWithinDocument" => Begun::No,
                _ => return,
            };
        }
    }
}

/// The one Chromium of this test process.
struct Chromium {
    to_browser: Mutex<(ChildStdin, u64)>,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Result<Value, String>>>>,
    /// By session: one for each tab.
    journeys: Mutex<HashMap<String, Arc<watch::Sender<Journey>>>>,
}

impl Chromium {
    fn shared() -> &'static Chromium {
        static SHARED: OnceLock<&'static Chromium> = OnceLock::new();
        SHARED.get_or_init(|| {
            let (to_browser, from_browser) = start();
            let chromium: &'static Chromium = Box::leak(Box::new(Chromium {
                to_browser: Mutex::new((to_browser, 0)),
                waiting: Mutex::default(),
                journeys: Mutex::default(),
            }));
            // A thread and not a task: it outlives the runtime of the test that happened to come first.
            std::thread::spawn(move || chromium.listen(from_browser));
            chromium
        })
    }

    async fn command(&self, session: Option<&str>, method: &str, params: Value) -> Result<Value, String> {
        let answer = self.send(session, method, params);
        let answer = timeout(PATIENCE, answer).await.unwrap_or_else(|_| panic!("{method}: Chromium does not answer"));
        answer.unwrap_or_else(|_| panic!("{method}: Chromium has ended"))
    }

    fn send(&self, session: Option<&str>, method: &str, params: Value) -> oneshot::Receiver<Result<Value, String>> {
        let (sender, receiver) = oneshot::channel();
        let mut to_browser = self.to_browser.lock().unwrap();
        to_browser.1 += 1;
        let id = to_browser.1;
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        self.waiting.lock().unwrap().insert(id, sender);
        // A broken pipe shows as an answer that never comes: the listener lets go of all who wait.
        drop(to_browser.0.write_all(format!("{message}\0").as_bytes()));
        receiver
    }

    fn listen(&self, from_browser: ChildStdout) {
        let mut from_browser = BufReader::new(from_browser);
        let mut message = Vec::new();
        while from_browser.read_until(0, &mut message).is_ok_and(|length| length > 0) {
            message.pop();
            let mut told: Value = serde_json::from_slice(&message).expect("Chromium speaks JSON");
            message.clear();
            if let Some(id) = told["id"].as_u64() {
                let Some(waiting) = self.waiting.lock().unwrap().remove(&id) else { continue };
                let answer = match told.get("error") {
                    Some(error) => Err(string(error, "message")),
                    None => Ok(told["result"].take()),
                };
                drop(waiting.send(answer));
            } else if let (Some(session), Some(event)) = (told["sessionId"].as_str(), told["method"].as_str())
                && let Some(journey) = self.journeys.lock().unwrap().get(session)
            {
                journey.send_modify(|journey| journey.follow(event, &told["params"]));
            }
        }
        self.waiting.lock().unwrap().clear();
    }
}

/// Starts Chromium with a new profile. The shell hands its own pipes on as the descriptors 3 and 4 that Chromium
/// listens and answers on, and removes the profile when Chromium has ended.
#[expect(clippy::zombie_processes, reason = "it outlives the tests on purpose, to clean up after them")]
fn start() -> (ChildStdin, ChildStdout) {
    const SCRIPT: &str = r#"
        profile=$1; shift
        "$@" --user-data-dir="$profile" 3<&0 4>&1 </dev/null >/dev/null 2>&1
        exec >&-
        # Its helpers may still write a last file.
        for _ in 1 2 3 4 5; do rm -rf "$profile" && break; sleep 0.2; done
    "#;
    let chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    let Some(chromium) = chromium.into_iter().find(|path| Path::new(path).exists()) else {
        panic!("browser tests need Chromium at /usr/bin/chromium: run `make setup`");
    };
    let profile = tempfile::Builder::new().prefix("sekisho-test-chromium-").tempdir().unwrap().keep();
    let mut shell = Command::new("/bin/sh")
        .args(["-c", SCRIPT, "chromium-for-tests"])
        .arg(&profile)
        .arg(chromium)
        .args(["--remote-debugging-pipe", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"])
        .args(["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--disable-dev-shm-usage", "--disable-default-apps", "--hide-scrollbars", "--mute-audio"])
        // Out of the terminal's group: Ctrl-C ends the tests, and their end ends Chromium and its profile.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    (shell.stdin.take().unwrap(), shell.stdout.take().unwrap())
}

fn string(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_else(|| panic!("no {member} in {value}")).to_owned()
}
