//! Gives a member exactly these authentication methods, whatever was enrolled before.

use crate::actions::{ActionError, run};
use crate::app::App;
use crate::crypto::opaque_token;
use crate::domain::ids::MemberId;
use crate::domain::login::one_time_password::TotpKey;
use crate::domain::member::authentication_method::Method;
use crate::store::member::totp_devices::TotpDevice;
use crate::store::member::{members, passkeys, recovery_codes, totp_devices};

/// What a member of the demo has beside the password.
#[derive(Clone, Debug, Default)]
pub struct DemoMethods {
    /// Codes by e-mail, to the verified address.
    pub email: bool,
    /// An authenticator app with this key, under this name.
    pub app: Option<(TotpKey, String)>,
}

/// For the demo alone, whose members begin anew at every start: nobody has done this to an account, so nothing is recorded
/// and nobody is told.
pub async fn set_methods_of_demo(app: &App, member: &MemberId, methods: DemoMethods) -> Result<(), ActionError> {
    let member = member.clone();
    run::to_its_end(app, |app| async move {
        let now = app.now();
        let mut tx = run::begin(&app).await?;
        totp_devices::remove_all(&mut tx, &member).await?;
        passkeys::delete_all(&mut tx, &member).await?;
        recovery_codes::remove_all(&mut tx, &member).await?;
        members::set_email_method(&mut tx, &member, methods.email.then_some(now)).await?;
        let mut method = methods.email.then_some(Method::Email);
        if let Some((key, name)) = methods.app {
            let id =
                opaque_token::digest(&format!("totp device {}", key.for_typing())).chars().take(22).collect::<String>();
            let sealed_key = app.at_rest.seal(key.expose(), &totp_devices::place(&id));
            let device = TotpDevice { id, name, sealed_key, created_at: now, last_used_at: now };
            // No code was used: step 0 is long past.
            totp_devices::insert(&mut tx, &member, &device, 0, 1).await?;
            method = Some(Method::Totp);
        }
        members::set_method(&mut tx, &member, method).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}
