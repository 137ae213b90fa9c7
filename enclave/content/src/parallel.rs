//! Sharing work out over threads: how many is always an argument.

use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

/// Does `work` on every item, on up to `threads` threads, the calling one among them. A thread takes the next item when
/// it is free, and keeps what `begin` gave it from one item to the next.
///
/// # Errors
/// The first failure; items that no thread had taken by then stay undone.
pub(crate) fn share_out<T, S, E>(
    threads: NonZeroUsize,
    items: impl ExactSizeIterator<Item = T> + Send,
    begin: impl Fn() -> Result<S, E> + Sync,
    work: impl Fn(&mut S, T) -> Result<(), E> + Sync,
) -> Result<(), E>
where
    T: Send,
    E: Send,
{
    let threads = threads.get().min(items.len());
    let queue = Mutex::new((items, None));
    let drain = || {
        let outcome = begin().and_then(|mut state| {
            while let Some(item) = next(&queue) {
                work(&mut state, item)?;
            }
            Ok(())
        });
        if let Err(error) = outcome {
            locked(&queue).1.get_or_insert(error);
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(drain);
        }
        drain();
    });
    match queue.into_inner().unwrap_or_else(PoisonError::into_inner).1 {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// The next item, unless something has failed.
fn next<T, E>(queue: &Mutex<(impl Iterator<Item = T>, Option<E>)>) -> Option<T> {
    let mut queue = locked(queue);
    let (items, failure) = &mut *queue;
    if failure.is_some() { None } else { items.next() }
}

/// The lock is never held while work is done, so a thread that panicked has left nothing half-done behind it.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn every_item_is_worked_on_once() {
        for threads in [1, 2, 5] {
            let mut items = vec![0; 100];
            let threads = NonZeroUsize::new(threads).unwrap();
            share_out(
                threads,
                items.iter_mut(),
                || Ok::<_, ()>(()),
                |(), item| {
                    *item += 1;
                    Ok(())
                },
            )
            .unwrap();
            assert_eq!(items, vec![1; 100]);
        }
    }

    #[test]
    fn a_failure_is_reported_and_stops_the_rest() {
        let done = AtomicU32::new(0);
        let outcome = share_out(
            NonZeroUsize::MIN,
            0..10,
            || Ok(()),
            |(), item| {
                done.fetch_add(1, Ordering::Relaxed);
                if item == 3 { Err(item) } else { Ok(()) }
            },
        );
        assert_eq!((outcome, done.into_inner()), (Err(3), 4));
        assert_eq!(
            share_out(NonZeroUsize::MIN, 0..10, || Err("none"), |(), _| Ok(())),
            Err("none")
        );
    }
}
