//! How steep a curve is.

/// The power of its size that a cost grows by: the slope of the straight line through both logarithms.
pub(super) fn power(points: &[(f64, f64)]) -> f64 {
    let logs: Vec<(f64, f64)> = points.iter().map(|(size, cost)| (size.ln(), cost.ln())).collect();
    let count = logs.len() as f64;
    let (x, y) = logs.iter().fold((0.0, 0.0), |(x, y), log| (x + log.0 / count, y + log.1 / count));
    let (over, under) = logs.iter().fold((0.0, 0.0), |(over, under), log| {
        (over + (log.0 - x) * (log.1 - y), under + (log.0 - x) * (log.0 - x))
    });
    if under == 0.0 { 0.0 } else { over / under }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_is_told_from_a_tree() {
        let of = |cost: fn(f64) -> f64| {
            let sizes = [1e3, 1e4, 1e5, 1e6];
            power(&sizes.map(|size| (size, cost(size))))
        };
        assert!((of(|size| size * 0.1) - 1.0).abs() < 1e-9);
        assert!((of(f64::sqrt) - 0.5).abs() < 1e-9);
        assert!(of(f64::ln) < 0.15);
        assert!(of(|_| 7.0).abs() < 1e-9);
    }
}
