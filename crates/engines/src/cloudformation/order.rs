//! Orders things after what they depend on, and finds the circles that cannot be ordered.

use std::collections::BTreeSet;

/// An order, by index among equals; and circles, each as the indexes along it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub sequence: Vec<usize>,
    pub circles: Vec<Vec<usize>>,
}

/// Orders the indexes of `dependencies`. A circle is told once, then taken as done, so that the others are found.
pub(super) fn order(dependencies: &[BTreeSet<usize>]) -> Order {
    let count = dependencies.len();
    let mut dependents: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut waiting: Vec<usize> = vec![0; count];
    for (index, needs) in dependencies.iter().enumerate() {
        for need in needs {
            if let (Some(list), Some(number)) = (dependents.get_mut(*need), waiting.get_mut(index)) {
                list.push(index);
                *number += 1;
            }
        }
    }
    let mut left: BTreeSet<usize> = (0..count).collect();
    let mut ready: BTreeSet<usize> = indexes_of_zero(&waiting);
    let mut order = Order {
        sequence: Vec::with_capacity(count),
        circles: Vec::new(),
    };
    while !left.is_empty() {
        while let Some(index) = ready.pop_first() {
            if !left.remove(&index) {
                continue;
            }
            order.sequence.push(index);
            for dependent in dependents.get(index).into_iter().flatten() {
                if let Some(number) = waiting.get_mut(*dependent) {
                    *number = number.saturating_sub(1);
                    if *number == 0 {
                        ready.insert(*dependent);
                    }
                }
            }
        }
        let Some(circle) = circle(dependencies, &left) else {
            break;
        };
        ready.extend(circle.iter().copied());
        order.circles.push(circle);
    }
    order
}

fn indexes_of_zero(waiting: &[usize]) -> BTreeSet<usize> {
    let zero = waiting.iter().enumerate().filter(|(_, number)| **number == 0);
    zero.map(|(index, _)| index).collect()
}

/// Follows dependencies among `left` until one comes back; all of `left` wait for another of them.
fn circle(dependencies: &[BTreeSet<usize>], left: &BTreeSet<usize>) -> Option<Vec<usize>> {
    let mut path = vec![*left.first()?];
    let mut seen: BTreeSet<usize> = path.iter().copied().collect();
    loop {
        let last = *path.last()?;
        let next = *dependencies.get(last)?.iter().find(|need| left.contains(need))?;
        if !seen.insert(next) {
            let start = path.iter().position(|index| *index == next)?;
            let mut circle = path.split_off(start);
            let smallest = circle.iter().enumerate().min_by_key(|(_, index)| **index)?.0;
            circle.rotate_left(smallest);
            return Some(circle);
        }
        path.push(next);
    }
}

/// Writes a circle for a message: `A` -> `B` -> `A`.
pub(super) fn circle_text<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    names.extend(names.first().cloned());
    names.join(" -> ")
}
