//! What proposals improve: a list of whole numbers, in order.

/// Puts the numbers in order.
pub fn sort(numbers: &mut [u64]) {
    for end in 1..numbers.len() {
        let mut place = end;
        while place > 0 && numbers.get(place - 1) > numbers.get(place) {
            numbers.swap(place - 1, place);
            place -= 1;
        }
    }
}
