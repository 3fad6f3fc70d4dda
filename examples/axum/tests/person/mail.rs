//! What a person finds in their mail.

use fantoccini::Locator;

use super::{chromium::Chromium, place::Place};

/// How often somebody looks again before they give up.
const LOOKS: usize = 500;

impl Chromium {
    /// Opens the link of the newest mail to `email`, as soon as it is there.
    pub(crate) async fn opens_mailed_link(&self, place: &Place, email: &str) {
        self.opens_newest_mailed_link(place, email, "").await;
    }

    /// Opens the newest link with these words in it that was mailed to `email`, as soon as it is there.
    pub(crate) async fn opens_newest_mailed_link(&self, place: &Place, email: &str, words: &str) {
        let mail = format!("//article[.//*[@class='mail-to'][.='{email}']]");
        let link = format!("{mail}//a[@class='mail-link'][contains(@href, '{words}')]");
        for _ in 0..LOOKS {
            self.go(&place.at("/dev/mailbox")).await;
            self.find("h1").await;
            // Those that are there, without waiting for more.
            if let Some(link) = self.client.find_all(Locator::XPath(&link)).await.unwrap().into_iter().next()
            {
                return link.click().await.unwrap();
            }
        }
        panic!("no mail came to {email}");
    }
}
