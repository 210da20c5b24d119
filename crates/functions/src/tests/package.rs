//! Deployment packages: what `zip` and Python's `zipfile` make is taken, and nothing that leads out of its folder.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::package::{Package, ZipError, single_file};

pub(super) fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("portcullis-functions-{}-{name}", std::process::id()));
    drop(fs::remove_dir_all(&path));
    fs::create_dir_all(&path).unwrap();
    path
}

/// Runs a Python program that writes a package to `path`.
fn zipped(name: &str, program: &str) -> Vec<u8> {
    let folder = folder(name);
    let path = folder.join("made.zip");
    let text = format!(
        "import zipfile, stat\nz = zipfile.ZipFile({path:?}, 'w', zipfile.ZIP_DEFLATED)\n{program}\nz.close()"
    );
    let made = Command::new("python3")
        .args(["-c", &text])
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(made.success());
    let bytes = fs::read(&path).unwrap();
    fs::remove_dir_all(folder).unwrap();
    bytes
}

#[test]
fn deflated_package_is_unpacked_with_its_modes() {
    let bytes = zipped(
        "modes",
        "z.writestr('app.py', 'x = 1\\n' * 1000)\nz.writestr('lib/', '')\nz.writestr('lib/deep/a.txt', 'a')\n\
         i = zipfile.ZipInfo('run.sh'); i.external_attr = 0o755 << 16; z.writestr(i, '#!/bin/sh')",
    );
    let package = Package::parse(&bytes).unwrap();
    package.verify().unwrap();
    let folder = folder("unpacked");
    package.unpack(&folder.join("code")).unwrap();
    let read = |name: &str| fs::read_to_string(folder.join("code").join(name)).unwrap();
    assert_eq!(read("app.py").len(), 6000);
    assert_eq!(read("lib/deep/a.txt"), "a");
    let mode = |name: &str| {
        fs::metadata(folder.join("code").join(name))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!((mode("app.py"), mode("run.sh")), (0o400, 0o500));
    assert!(!folder.join("code.unfinished").exists());
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn single_file_is_a_package() {
    let bytes = single_file("index.py", b"def handler(event, context): pass");
    Package::parse(&bytes).unwrap().verify().unwrap();
    let folder = folder("single");
    fs::write(folder.join("a.zip"), &bytes).unwrap();
    let listed = Command::new("python3")
        .args(["-m", "zipfile", "-t"])
        .arg(folder.join("a.zip"))
        .output()
        .unwrap();
    assert!(
        String::from_utf8_lossy(&listed.stdout).contains("Done testing"),
        "{listed:?}"
    );
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn names_that_lead_out_are_refused() {
    for name in [
        "../a",
        "a/../../b",
        "/etc/passwd",
        "a//b",
        "./a",
        "a/./b",
        "a\\\\b",
        "c:a",
        "a\\nb",
        "..",
    ] {
        let bytes = zipped("names", &format!("z.writestr(zipfile.ZipInfo('{name}'), 'x')"));
        // Python cleans some names on the way.
        let name = name.replace("\\\\", "\\");
        match Package::parse(&bytes) {
            Err(ZipError::Name(_)) => {}
            other => panic!("`{name}`: {other:?}"),
        }
    }
}

#[test]
fn links_devices_and_duplicates_are_refused() {
    let link = zipped(
        "links",
        "i = zipfile.ZipInfo('a'); i.create_system = 3; i.external_attr = (stat.S_IFLNK | 0o777) << 16; z.writestr(i, '/etc/passwd')",
    );
    assert!(matches!(Package::parse(&link), Err(ZipError::Unsupported { .. })));
    let twice = zipped("twice", "z.writestr('a.py', '1')\nz.writestr('A.py', '2')");
    assert!(matches!(Package::parse(&twice), Err(ZipError::Twice(_))));
}

#[test]
fn entry_that_unpacks_to_more_than_it_says_is_damaged() {
    let mut bytes = zipped("bomb", "z.writestr('a', 'x' * 100000)");
    let at = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    bytes[at + 24..at + 28].copy_from_slice(&10u32.to_le_bytes());
    let package = Package::parse(&bytes).unwrap();
    assert!(matches!(package.verify(), Err(ZipError::Damaged(_))));
    bytes[at + 24..at + 28].copy_from_slice(&300_000_000u32.to_le_bytes());
    assert!(matches!(Package::parse(&bytes), Err(ZipError::Size)));
}

#[test]
fn damaged_packages_are_errors_and_never_panics() {
    let good = zipped(
        "fuzz",
        "z.writestr('app.py', 'x = 1')\nz.writestr('b/c.py', 'y' * 300)",
    );
    for length in 0..good.len() {
        if let Ok(package) = Package::parse(&good[..length]) {
            drop(package.verify());
        }
    }
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..20_000 {
        let mut bytes = good.clone();
        for _ in 0..3 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let at = usize::try_from(state % bytes.len() as u64).unwrap();
            bytes[at] = (state >> 32) as u8;
        }
        if let Ok(package) = Package::parse(&bytes) {
            drop(package.verify());
        }
    }
    assert!(Package::parse(b"").is_err());
    assert!(Package::parse(b"PK\x05\x06").is_err());
}
