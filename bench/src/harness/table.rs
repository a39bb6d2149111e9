//! The printed output of benchmarks.

use std::fmt;

/// Prints the heading of a benchmark.
pub fn heading(text: &str) {
    println!("\n{text}\n{}", "=".repeat(text.len()));
}

/// Prints a note, such as the conditions of a measurement.
pub fn note(text: impl fmt::Display) {
    println!("{text}");
}

/// A table with titles. The first column is left-aligned, the others are right-aligned.
#[derive(Debug)]
pub struct Table {
    columns: usize,
    cells: Vec<String>,
}

impl Table {
    /// Returns a table without rows.
    pub fn new<const N: usize>(titles: [&str; N]) -> Self {
        Self {
            columns: N,
            cells: titles.map(str::to_owned).to_vec(),
        }
    }

    /// Adds a row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.cells.extend(cells);
    }

    /// Prints the table.
    pub fn print(&self) {
        println!("\n{self}");
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |column: usize| {
            let cells = self.cells.iter().skip(column).step_by(self.columns);
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<_> = (0..self.columns).map(width).collect();
        for row in self.cells.chunks(self.columns) {
            for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
                match column {
                    0 => write!(f, "  {cell:<width$}")?,
                    _ => write!(f, "  {cell:>width$}")?,
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new(["what", "a second"]);
        table.row(["page".to_owned(), "7".to_owned()]);
        table.row(["a page – longer".to_owned(), "12345".to_owned()]);
        assert_eq!(
            table.to_string(),
            "  what             a second\n  page                    7\n  a page – longer     12345\n"
        );
    }
}
