//! The figures of a run, in the format of `scripts/compare-figures`.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    path::PathBuf,
};

use serde::Serialize;

use super::{Context, Result, build_folder, median, quantile};

/// The direction in which a figure improves.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// Higher is better, as with requests per second.
    Higher,
    /// Lower is better, as with milliseconds.
    Lower,
}

/// One line of `target/bench/figures.jsonl`.
#[derive(Debug, Serialize)]
struct Figure<'a> {
    name: &'a str,
    unit: &'a str,
    better: Better,
    /// The median of the rounds.
    value: f64,
    /// Half of the interquartile range of the rounds, relative to the median.
    noise: f64,
}

/// Records the median of `rounds` under `name`, to be compared with the previous run.
///
/// # Errors
///
/// If the file of figures can't be written.
pub fn record(name: &str, unit: &str, better: Better, rounds: &[f64]) -> Result<()> {
    let value = median(rounds);
    let figure = Figure {
        name,
        unit,
        better,
        value,
        noise: (quantile(rounds, 0.75) - quantile(rounds, 0.25)) / 2.0 / value.abs(),
    };
    append(&figure).context("writing the figures down")
}

/// Returns the measurements of `rounds`, each divided by its reference in the same round.
pub fn ratios(rounds: &[f64], references: &[f64]) -> Vec<f64> {
    let pairs = rounds.iter().zip(references);
    pairs.map(|(round, reference)| round / reference).collect()
}

fn append(figure: &Figure<'_>) -> io::Result<()> {
    let path = file()?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    let line = serde_json::to_string(figure)?;
    writeln!(file, "{line}")
}

/// Returns the path of the file of figures, beside the folder of the release build.
fn file() -> io::Result<PathBuf> {
    let mut folder = build_folder()?;
    folder.pop();
    Ok(folder.join("bench/figures.jsonl"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratio_is_taken_in_each_round() {
        let ratios = ratios(&[1.0, 6.0], &[2.0, 3.0]);
        assert_eq!(format!("{ratios:?}"), "[0.5, 2.0]");
    }

    #[test]
    fn figure_is_one_line_of_json() {
        let figure = Figure {
            name: "cached page",
            unit: "of nginx's rate",
            better: Better::Higher,
            value: 0.6,
            noise: 0.02,
        };
        assert_eq!(
            serde_json::to_string(&figure).unwrap(),
            r#"{"name":"cached page","unit":"of nginx's rate","better":"higher","value":0.6,"noise":0.02}"#
        );
    }
}
