//! Reads any bytes as a deployment package: its directory, its names, its contents.

#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis_functions::package::Package;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(package) = Package::parse(bytes) {
        drop(package.verify());
    }
});
