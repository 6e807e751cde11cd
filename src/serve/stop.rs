//! The word to stop, given once and heard by every listener and connection.

use tokio::sync::watch;

/// Gives the word to stop. Dropping it gives it too: nobody would be left to give it.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

/// Hears the word to stop.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stopper {
    /// Both ends.
    #[must_use]
    pub fn new() -> (Self, Stop) {
        let (stopper, stop) = watch::channel(false);
        (Self(stopper), Stop(stop))
    }

    /// Gives the word. Giving it again changes nothing.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Waits for the word; at once when it was given before.
    pub async fn stopped(&mut self) {
        // An error means that the stopper is gone.
        let _ = self.0.wait_for(|stopped| *stopped).await;
    }
}
