use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, symlink},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use portcullis_model::{ManualClock, SecretBytes, SecretText, SystemEntropy};
use portcullis_store::SqliteStore;

use super::*;

const PURPOSE: &str = "cognito/user/us-east-1_Example/ada/password";

fn vault(first_byte: u8) -> Vault {
    let mut bytes = [7; ROOT_KEY_BYTES];
    bytes[0] = first_byte;
    Vault::new(&RootKey::from_array(bytes), Arc::new(SystemEntropy))
}

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("portcullis-vault-{}-{count}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn key_file(&self) -> PathBuf {
        self.0.join("root.key")
    }

    fn write(&self, text: &str, mode: u32) -> PathBuf {
        fs::write(self.key_file(), text).unwrap();
        fs::set_permissions(self.key_file(), Permissions::from_mode(mode)).unwrap();
        self.key_file()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _left = fs::remove_dir_all(&self.0);
    }
}

fn reason(outcome: Result<RootKey, VaultError>) -> String {
    outcome.err().expect("it is refused").to_string()
}

#[test]
fn sealed_bytes_come_back() {
    let vault = vault(1);
    for plaintext in [b"".as_slice(), b"x", &[0; 100_000]] {
        let sealed = vault.seal(PURPOSE, plaintext).unwrap();
        assert!(sealed.starts_with("v1:"));
        assert!(vault.unseal(PURPOSE, &sealed).unwrap().expose() == plaintext);
    }
}

#[test]
fn text_and_json_come_back() {
    let vault = vault(1);
    let sealed = vault
        .seal_text(PURPOSE, &SecretText::new("hunter2 é".to_owned()))
        .unwrap();
    assert!(vault.unseal_text(PURPOSE, &sealed).unwrap().expose() == "hunter2 é");
    let sealed = vault.seal_json(PURPOSE, &vec![1, 2, 3]).unwrap();
    assert_eq!(
        vault.unseal_json::<Vec<u32>>(PURPOSE, &sealed).unwrap(),
        [1, 2, 3]
    );
    let sealed = vault.seal(PURPOSE, &[0xff, b'{']).unwrap();
    assert!(matches!(
        vault.unseal_text(PURPOSE, &sealed),
        Err(VaultError::Content { .. })
    ));
    assert!(matches!(
        vault.unseal_json::<u32>(PURPOSE, &sealed),
        Err(VaultError::Content { .. })
    ));
}

#[test]
fn same_plaintext_is_sealed_differently_each_time() {
    let vault = vault(1);
    assert_ne!(
        vault.seal(PURPOSE, b"x").unwrap(),
        vault.seal(PURPOSE, b"x").unwrap()
    );
}

#[test]
fn another_purpose_is_refused() {
    let vault = vault(1);
    let sealed = vault.seal(PURPOSE, b"secret").unwrap();
    for other in [
        "",
        "cognito/user/us-east-1_Example/zoe/password",
        &format!("{PURPOSE}/"),
    ] {
        assert!(
            matches!(vault.unseal(other, &sealed), Err(VaultError::Refused { .. })),
            "{other}"
        );
    }
}

#[test]
fn another_root_key_is_refused() {
    let sealed = vault(1).seal(PURPOSE, b"secret").unwrap();
    assert!(matches!(
        vault(2).unseal(PURPOSE, &sealed),
        Err(VaultError::Refused { .. })
    ));
}

#[test]
fn any_changed_byte_is_refused() {
    let vault = vault(1);
    let sealed = vault.seal(PURPOSE, b"secret").unwrap();
    for at in 0..sealed.len() {
        for replacement in *b"Av19_-:=" {
            let mut changed = sealed.clone().into_bytes();
            if changed[at] == replacement {
                continue;
            }
            changed[at] = replacement;
            let changed = String::from_utf8(changed).unwrap();
            assert!(vault.unseal(PURPOSE, &changed).is_err(), "{sealed} -> {changed}");
        }
    }
    for cut in 0..sealed.len() {
        assert!(
            vault.unseal(PURPOSE, sealed.get(..cut).unwrap()).is_err(),
            "{cut}"
        );
    }
    for longer in [
        format!("{sealed}A"),
        format!("{sealed}="),
        format!("{sealed}\n"),
        format!(" {sealed}"),
    ] {
        assert!(vault.unseal(PURPOSE, &longer).is_err(), "{longer:?}");
    }
}

#[test]
fn unknown_version_is_named() {
    let vault = vault(1);
    let newer = vault.seal(PURPOSE, b"secret").unwrap().replacen("v1", "v2", 1);
    let error = vault.unseal(PURPOSE, &newer).err().unwrap();
    assert!(error.to_string().contains("`v2`"), "{error}");
}

#[test]
fn what_was_never_sealed_is_malformed_and_not_repeated() {
    let vault = vault(1);
    for text in [
        "",
        "hunter2",
        "hunter2:x",
        "vault:x",
        "v:x",
        "v12345:x",
        "v1:",
        "v1:AAAA",
        "v1:not base64!",
    ] {
        let error = vault.unseal(PURPOSE, text).err().unwrap();
        assert!(matches!(error, VaultError::Malformed { .. }), "{text}: {error}");
        assert!(!error.to_string().contains("hunter2"));
    }
}

#[test]
fn root_key_file_is_made_once_with_mode_0600() {
    let folder = Folder::new();
    let first = RootKey::open_or_create(&folder.key_file(), &SystemEntropy).unwrap();
    let second = RootKey::open_or_create(&folder.key_file(), &SystemEntropy).unwrap();
    assert!(first.expose() == second.expose());
    assert_eq!(first.expose().len(), ROOT_KEY_BYTES);
    assert_eq!(
        fs::metadata(folder.key_file()).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(
        fs::read_dir(&folder.0).unwrap().count(),
        1,
        "no draft is left behind"
    );
}

#[test]
fn those_who_start_at_once_get_the_same_root_key() {
    let folder = Folder::new();
    let path = folder.key_file();
    let keys: Vec<RootKey> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| RootKey::open_or_create(&path, &SystemEntropy).unwrap()))
            .collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    assert!(keys.windows(2).all(|pair| pair[0].expose() == pair[1].expose()));
}

#[test]
fn root_key_that_others_may_read_is_refused() {
    let folder = Folder::new();
    for mode in [0o640, 0o604, 0o660, 0o644, 0o610] {
        let path = folder.write(&format!("{}=\n", "A".repeat(43)), mode);
        let reason = reason(RootKey::open_or_create(&path, &SystemEntropy));
        assert!(reason.contains("0600"), "{mode:o}: {reason}");
    }
    let path = folder.write(&format!("{}=\n", "A".repeat(43)), 0o400);
    assert!(RootKey::open_or_create(&path, &SystemEntropy).is_ok());
}

#[test]
fn malformed_root_key_is_refused_and_not_replaced() {
    let folder = Folder::new();
    let too_long = "A".repeat(4096);
    for text in ["", "\n", "AAAA", "not base64 at all", &too_long, &"A".repeat(42)] {
        let path = folder.write(text, 0o600);
        let reason = reason(RootKey::open_or_create(&path, &SystemEntropy));
        assert!(reason.contains("32 bytes"), "{text}: {reason}");
        assert_eq!(fs::read_to_string(&path).unwrap(), *text);
    }
    fs::remove_file(folder.key_file()).unwrap();
    fs::create_dir(folder.key_file()).unwrap();
    assert!(RootKey::open_or_create(&folder.key_file(), &SystemEntropy).is_err());
}

#[test]
fn root_key_without_its_folder_is_an_error() {
    let folder = Folder::new();
    let path = folder.0.join("missing").join("root.key");
    assert!(RootKey::open_or_create(&path, &SystemEntropy).is_err());
    symlink(folder.0.join("nowhere"), folder.key_file()).unwrap();
    assert!(RootKey::open_or_create(&folder.key_file(), &SystemEntropy).is_err());
}

#[test]
fn root_key_of_another_length_is_refused() {
    for length in [0, 31, 33] {
        assert!(RootKey::new(SecretBytes::new(vec![0; length])).is_err());
    }
    assert!(RootKey::new(SecretBytes::new(vec![0; 32])).is_ok());
}

#[tokio::test]
async fn store_that_was_sealed_with_another_root_key_is_recognised() {
    let store = SqliteStore::in_memory(Arc::new(ManualClock::default())).unwrap();
    vault(1).confirm_root_key(&store).await.unwrap();
    vault(1).confirm_root_key(&store).await.unwrap();
    let error = vault(2).confirm_root_key(&store).await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("this data directory was sealed with another root key")
    );
}

#[test]
fn keyed_hashes_differ_by_purpose_root_key_and_borders() {
    let of = |root: u8, purpose: &str, parts: &[&[u8]]| {
        let vault = Vault::new(&RootKey::from_array([root; 32]), Arc::new(SystemEntropy));
        vault.keyed_hash(purpose).unwrap().of(parts)
    };
    let first = of(1, "keys", &[b"ab", b"c"]);
    assert_eq!(first, of(1, "keys", &[b"ab", b"c"]));
    for other in [
        of(2, "keys", &[b"ab", b"c"]),
        of(1, "others", &[b"ab", b"c"]),
        of(1, "keys", &[b"a", b"bc"]),
        of(1, "keys", &[b"abc"]),
    ] {
        assert_ne!(first, other);
    }
}
