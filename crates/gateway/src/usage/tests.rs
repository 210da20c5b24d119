//! Buckets, quotas and meters as state machines: a clock that tests move, and schedules from printed seeds.

use std::sync::Arc;

use portcullis_model::{
    Scope, Timestamp,
    resources::usage_plans::{DayOfUsage, Period, Quota, Throttle},
};

use super::{
    Changing,
    bucket::{Bucket, Rate},
    meter::{Counted, Meter, lease_of},
    quota::{Count, Counter, day_of, period_start},
};

fn rate(burst_limit: u32, rate_limit: f64) -> Rate {
    Rate::of(&Throttle {
        burst_limit,
        rate_limit,
    })
}

/// A small generator of numbers that look random (xorshift), so that a seed tells the whole schedule.
struct Schedule(u64);

impl Schedule {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

#[test]
fn bucket_admits_its_burst_and_then_its_rate() {
    // burst, rate, moments in ms, admitted at each
    type Row = (u32, f64, &'static [(i64, bool)]);
    const TABLE: &[Row] = &[
        (
            1,
            1.0,
            &[(0, true), (0, false), (999, false), (1_000, true), (1_999, false)],
        ),
        (
            3,
            1.0,
            &[
                (0, true),
                (0, true),
                (0, true),
                (0, false),
                (2_000, true),
                (2_000, true),
                (2_000, false),
            ],
        ),
        (
            2,
            0.5,
            &[
                (0, true),
                (0, true),
                (1_999, false),
                (2_000, true),
                (3_999, false),
                (4_000, true),
            ],
        ),
        (
            2,
            1_000.0,
            &[
                (0, true),
                (0, true),
                (0, false),
                (1, true),
                (1, false),
                (5, true),
                (5, true),
                (5, false),
            ],
        ),
        (0, 10.0, &[(0, false), (10_000, false)]),
        (10, 0.0, &[(0, false), (10_000, false)]),
        // The clock is put back: what the bucket lacks is refilled from there, not from the moment that never came.
        (
            2,
            1.0,
            &[
                (10_000, true),
                (10_000, true),
                (0, false),
                (1_000, true),
                (1_000, false),
                (2_000, true),
            ],
        ),
    ];
    for (row, (burst, per_second, moments)) in TABLE.iter().enumerate() {
        let bucket = Bucket::default();
        let rate = rate(*burst, *per_second);
        for (step, (at, admitted)) in moments.iter().enumerate() {
            let now = Timestamp(1_000_000 + at);
            assert_eq!(bucket.take(rate, now), *admitted, "row {row}, step {step}");
        }
    }
}

#[test]
fn token_that_is_given_back_can_be_taken_again() {
    let (bucket, rate, now) = (Bucket::default(), rate(1, 0.001), Timestamp(1_000));
    for _ in 0..10 {
        assert!(bucket.take(rate, now));
        assert!(!bucket.take(rate, now));
        bucket.give_back(rate);
    }
}

#[test]
fn no_schedule_admits_more_than_burst_and_rate_allow_or_starves_a_slow_caller() {
    for seed in 1..200_u64 {
        let mut schedule = Schedule(seed);
        let (burst, per_second) = (1 + schedule.below(20), 1 + schedule.below(50));
        let bucket = Bucket::default();
        let rate = rate(burst as u32, per_second as f64);
        let (mut now, mut admitted) = (1_000_000_i64, Vec::new());
        for _ in 0..500 {
            now += schedule.below(200) as i64;
            if bucket.take(rate, Timestamp(now)) {
                admitted.push(now);
            }
        }
        for (first, from) in admitted.iter().enumerate() {
            for (last, to) in admitted.iter().enumerate().skip(first) {
                let most = burst as f64 + per_second as f64 * (to - from) as f64 / 1_000.0;
                let in_window = (last - first + 1) as f64;
                assert!(
                    in_window <= most + 0.001,
                    "seed {seed}: {in_window} in {} ms, at most {most}",
                    to - from
                );
            }
        }
        // Whoever waits for one interval is admitted.
        now += 1_000_i64.div_euclid(per_second as i64) + 1;
        assert!(bucket.take(rate, Timestamp(now)), "seed {seed}");
    }
}

#[test]
fn threads_together_take_no_more_than_the_bucket_holds() {
    let (bucket, rate) = (Bucket::default(), rate(100, 0.001));
    let counter = Counter::default();
    let taken: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let one = |_: &i32| bucket.take(rate, Timestamp(1)) && counter.take(1, 90).is_ok();
                    (0..200).filter(one).count()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(taken, 90);
    assert_eq!(counter.count(), Count { since: 1, used: 90 });
}

#[test]
fn periods_begin_at_midnight_on_the_day_that_the_offset_says() {
    let at = |text: &str| {
        let form = time::format_description::well_known::Rfc3339;
        let moment = time::OffsetDateTime::parse(text, &form).unwrap();
        Timestamp::from_seconds(moment.unix_timestamp())
    };
    // 2026-11-28 is a Saturday.
    for (period, offset, now, start) in [
        (Period::Day, 0, "2026-11-28T00:00:00Z", "2026-11-28T00:00:00Z"),
        (Period::Day, 0, "2026-11-28T23:59:59Z", "2026-11-28T00:00:00Z"),
        (Period::Week, 0, "2026-11-28T23:59:59Z", "2026-11-22T00:00:00Z"),
        (Period::Week, 0, "2026-11-29T00:00:00Z", "2026-11-29T00:00:00Z"),
        (Period::Week, 1, "2026-11-29T23:00:00Z", "2026-11-23T00:00:00Z"),
        (Period::Week, 6, "2026-11-28T12:00:00Z", "2026-11-28T00:00:00Z"),
        (Period::Month, 0, "2026-11-28T12:00:00Z", "2026-11-01T00:00:00Z"),
        (Period::Month, 27, "2026-11-28T12:00:00Z", "2026-11-28T00:00:00Z"),
        (Period::Month, 27, "2026-11-27T12:00:00Z", "2026-10-28T00:00:00Z"),
        (Period::Month, 14, "2027-01-03T12:00:00Z", "2026-12-15T00:00:00Z"),
        (Period::Month, 14, "2028-03-03T12:00:00Z", "2028-02-15T00:00:00Z"),
    ] {
        let quota = Quota {
            limit: 1,
            offset,
            period,
        };
        assert_eq!(
            period_start(&quota, at(now)),
            day_of(at(start)),
            "{period:?} {offset} {now}"
        );
    }
}

#[test]
fn counter_never_exceeds_its_limit_in_a_period_and_starts_again_in_the_next() {
    for seed in 1..100_u64 {
        let mut schedule = Schedule(seed);
        let limit = schedule.below(30) as u32;
        let counter = Counter::default();
        let (mut day, mut admitted) = (1_000_u32, 0);
        for _ in 0..400 {
            if schedule.below(40) == 0 {
                day += 1 + schedule.below(3) as u32;
                admitted = 0;
            }
            let given_back = schedule.below(4) == 0;
            // A reader whose clock is a day behind counts in the period that began last.
            let seen = if schedule.below(10) == 0 && admitted > 0 {
                day - 1
            } else {
                day
            };
            let taken = counter.take(seen, limit).is_ok();
            assert_eq!(taken, admitted < limit, "seed {seed}");
            if taken && given_back {
                counter.give_back();
            } else if taken {
                admitted += 1;
            }
        }
    }
}

fn meter() -> Arc<Meter> {
    let slot = Changing::default().plan(&Scope::new("000000000000", "us-east-1"), "plan");
    Arc::new(Meter::new(slot, true))
}

/// Takes a request as the layer does; a lease is on disk at once.
fn take(meter: &Meter, since: u32, limit: u32) -> bool {
    loop {
        match meter.take(since, limit) {
            Counted::Taken(_) => return true,
            Counted::UsedUp => return false,
            Counted::NeedsLease => meter.grant(meter.next_lease(since, limit)),
        }
    }
}

#[test]
fn meter_keeps_a_day_that_ended_and_goes_on_after_a_restart() {
    let (first, second) = (
        Timestamp::from_seconds(86_400 * 100 + 5),
        Timestamp::from_seconds(86_400 * 101 + 5),
    );
    let counted = meter();
    assert!(matches!(counted.take(98, 10), Counted::NeedsLease));
    for now in [first, first, second] {
        assert!(take(&counted, 98, 10));
        counted.count(now);
    }
    let kept = counted.take_days(second);
    let days: Vec<_> = kept
        .iter()
        .map(|day| (day.day, day.used, day.period, day.period_used))
        .collect();
    assert_eq!(days, [(100, 2, 98, 3), (101, 1, 98, 3)]);
    let next = meter();
    for day in kept.iter().rev() {
        next.restore(day);
    }
    assert!(take(&next, 98, 4));
    next.count(second);
    let again = next.take_days(second);
    assert_eq!((again[0].day, again[0].used, again[0].period_used), (101, 2, 4));
    assert!(!take(&next, 98, 4));
}

#[test]
fn crash_at_any_moment_admits_never_over_the_quota_and_at_most_one_lease_under_for_each() {
    for seed in 1..200_u64 {
        let mut schedule = Schedule(seed);
        let limit = 1 + schedule.below(3_000) as u32;
        let lease = lease_of(limit);
        let (mut meter_now, mut disk) = (meter(), DayOfUsage::default());
        let now = Timestamp::from_seconds(86_400 * 100);
        let (mut admitted, mut crashes) = (0, 0);
        loop {
            match schedule.below(400) {
                0 if crashes < 5 => {
                    crashes += 1;
                    meter_now = meter();
                    meter_now.restore(&disk);
                }
                // A writing now and then, which knows of the present lease.
                1 => disk = *meter_now.take_days(now).last().unwrap(),
                _ => match meter_now.take(100, limit) {
                    Counted::UsedUp => break,
                    Counted::Taken(ahead) => {
                        admitted += 1;
                        meter_now.count(now);
                        if ahead {
                            let until = meter_now.next_lease(100, limit);
                            disk = meter_now.today(now, until);
                            meter_now.grant(until);
                        }
                    }
                    Counted::NeedsLease => {
                        let until = meter_now.next_lease(100, limit);
                        disk = meter_now.today(now, until);
                        // Half of the time it crashes before anybody hears of the lease.
                        if schedule.below(2) == 0 {
                            meter_now.grant(until);
                        }
                    }
                },
            }
        }
        assert!(admitted <= limit, "seed {seed}: {admitted} of {limit}");
        assert!(
            admitted + crashes * lease >= limit,
            "seed {seed}: {admitted} of {limit} after {crashes} crashes with leases of {lease}"
        );
    }
}

#[test]
fn stop_takes_back_what_the_lease_holds() {
    let (counted, now) = (meter(), Timestamp::from_seconds(86_400 * 100));
    for _ in 0..3 {
        assert!(take(&counted, 100, 5_000));
        counted.count(now);
    }
    assert_eq!(counted.days(now)[0].granted, 50);
    assert!(counted.settle());
    let kept = counted.take_days(now);
    assert_eq!((kept[0].period_used, kept[0].granted), (3, 3));
    assert!(!counted.settle());
}

#[test]
fn sixty_four_threads_take_a_quota_to_the_request_and_no_more_than_leases_reach() {
    let (counted, limit) = (meter(), 20_000);
    let granted = std::sync::atomic::AtomicU32::new(0);
    let taken: usize = std::thread::scope(|scope| {
        let work = || {
            let mut taken = 0;
            loop {
                match counted.take(7, limit) {
                    Counted::Taken(_) => taken += 1,
                    Counted::UsedUp => return taken,
                    Counted::NeedsLease => {
                        // One at a time, as the one keeper does.
                        if granted.swap(1, std::sync::atomic::Ordering::SeqCst) == 0 {
                            counted.grant(counted.next_lease(7, limit));
                            granted.store(0, std::sync::atomic::Ordering::SeqCst);
                        }
                        std::thread::yield_now();
                    }
                }
            }
        };
        let threads: Vec<_> = (0..64).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(taken, limit as usize);
}

#[test]
fn sixty_four_threads_take_no_more_than_rate_and_burst_allow() {
    for (burst, per_second, seconds) in [(1, 1.0, 10), (50, 20.0, 5), (1_000, 5_000.0, 2)] {
        let (bucket, rate) = (Bucket::default(), rate(burst, per_second));
        // Time moves while they take: each thread reads a clock that another moves on.
        let clock = std::sync::atomic::AtomicI64::new(1_000_000);
        let end = 1_000_000 + seconds * 1_000;
        // It moves when the bucket was found empty, so that nothing is left untaken however the threads run.
        let was_empty = std::sync::atomic::AtomicBool::new(false);
        let taken: usize = std::thread::scope(|scope| {
            let work = || {
                let mut taken = 0;
                loop {
                    let now = clock.load(std::sync::atomic::Ordering::SeqCst);
                    if now > end {
                        return taken;
                    }
                    for _ in 0..20 {
                        let took = bucket.take(rate, Timestamp(now));
                        taken += usize::from(took);
                        if !took && clock.load(std::sync::atomic::Ordering::SeqCst) == now {
                            was_empty.store(true, std::sync::atomic::Ordering::SeqCst);
                        }
                    }
                    std::thread::yield_now();
                }
            };
            let threads: Vec<_> = (0..64).map(|_| scope.spawn(work)).collect();
            for _ in 0..=seconds * 100 {
                while !was_empty.swap(false, std::sync::atomic::Ordering::SeqCst) {
                    std::thread::yield_now();
                }
                clock.fetch_add(10, std::sync::atomic::Ordering::SeqCst);
            }
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        let most = f64::from(burst) + per_second * seconds as f64;
        assert!(taken as f64 <= most, "{taken} taken, at most {most}");
        assert!(taken as f64 >= most * 0.9 - 1.0, "{taken} taken of {most}");
    }
}
