//! Statistics of measurements.

/// Returns the median, or `NaN` if there are no values.
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// Returns the quantile of a `part` between 0 and 1, interpolated between two values.
pub fn quantile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    #[expect(
        clippy::cast_precision_loss,
        reason = "no benchmark takes 2^52 samples"
    )]
    let position = part.clamp(0.0, 1.0) * last as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is between 0 and the last index"
    )]
    let below = position as usize;
    let above = (below + 1).min(last);
    sorted[below] + (sorted[above] - sorted[below]) * position.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_of_an_even_count_is_interpolated() {
        assert_eq!(median(&[4.0, 1.0, 3.0]).to_string(), "3");
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]).to_string(), "2.5");
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn quantiles_range_from_minimum_to_maximum() {
        let values = [30.0, 10.0, 20.0];
        assert_eq!(quantile(&values, 0.0).to_string(), "10");
        assert_eq!(quantile(&values, 0.75).to_string(), "25");
        assert_eq!(quantile(&values, 1.0).to_string(), "30");
    }
}
