//! A device in words, from what its browser says of itself (RFC 9110, 10.1.5): enough for a member to tell their phone
//! from their computer, and nothing that could name anybody. The header is a claim and decides nothing.

use serde::{Deserialize, Serialize};

/// Which browser on which system. Stored as `chrome windows`, shown in the reader's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    pub browser: Browser,
    pub system: System,
}

macro_rules! named {
    ($(#[$doc:meta])* $type:ident: $($variant:ident = $name:literal),+) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum $type {
            $($variant,)+
            #[default]
            Other,
        }

        impl $type {
            /// Short and stable: in the database, and the end of a text's key.
            pub const fn name(self) -> &'static str {
                match self {
                    $($type::$variant => $name,)+
                    $type::Other => "other",
                }
            }

            fn named(name: &str) -> $type {
                match name {
                    $($name => $type::$variant,)+
                    _ => $type::Other,
                }
            }
        }
    };
}

named! {
    /// A family of browsers.
    Browser: Edge = "edge", Firefox = "firefox", Chrome = "chrome", Safari = "safari"
}
named! {
    /// A family of operating systems.
    System: Iphone = "iphone", Ipad = "ipad", Android = "android", Windows = "windows", Mac = "mac", Linux = "linux"
}

impl Device {
    /// Of a `User-Agent` header.
    pub fn of(user_agent: &str) -> Device {
        let says = |word: &str| user_agent.contains(word);
        // Browsers name those that they want to be taken for: the most particular word comes first.
        let browser = if says("Edg/") || says("EdgA/") || says("EdgiOS/") {
            Browser::Edge
        } else if says("Firefox/") || says("FxiOS/") {
            Browser::Firefox
        } else if says("Chrome/") || says("CriOS/") || says("Chromium/") {
            Browser::Chrome
        } else if says("Safari/") {
            Browser::Safari
        } else {
            Browser::Other
        };
        let system = if says("iPhone") {
            System::Iphone
        } else if says("iPad") {
            System::Ipad
        } else if says("Android") {
            System::Android
        } else if says("Windows") {
            System::Windows
        } else if says("Macintosh") {
            System::Mac
        } else if says("Linux") || says("X11") {
            System::Linux
        } else {
            System::Other
        };
        Device { browser, system }
    }

    /// As it is stored.
    pub fn stored(self) -> String {
        format!("{} {}", self.browser.name(), self.system.name())
    }

    /// Of what was stored; what this version does not know is "other".
    pub fn read(stored: &str) -> Device {
        let (browser, system) = stored.split_once(' ').unwrap_or_default();
        Device { browser: Browser::named(browser), system: System::named(system) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_browsers_are_told_apart_and_survive_storing() {
        for (user_agent, stored) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
                "chrome windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
                "edge windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
                "safari iphone",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/141.0 Mobile/15E148 Safari/604.1",
                "chrome iphone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
                "chrome android",
            ),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:144.0) Gecko/20100101 Firefox/144.0", "firefox mac"),
            ("curl/8.5", "other other"),
            ("", "other other"),
        ] {
            let device = Device::of(user_agent);
            assert_eq!(device.stored(), stored, "{user_agent}");
            assert_eq!(Device::read(stored), device);
        }
        assert_eq!(Device::read("netscape"), Device::default());
    }
}
