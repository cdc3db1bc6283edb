// Matrices in double precision.

/** Row-major. */
export interface Matrix {
  readonly data: Float64Array;
  readonly rows: number;
  readonly columns: number;
}

export function zeros(rows: number, columns: number): Matrix {
  return { data: new Float64Array(rows * columns), rows, columns };
}

export function rowOf({ data, columns }: Matrix, row: number): Float64Array {
  return data.subarray(row * columns, (row + 1) * columns);
}

export function transposed({ data, rows, columns }: Matrix): Matrix {
  const out = zeros(columns, rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      out.data[column * rows + row] = data[row * columns + column];
  }
  return out;
}

/** Σ a[aAt + i] · b[bAt + i] over `count` values. */
export function dot(a: Float64Array, aAt: number, b: Float64Array, bAt: number, count: number): number {
  let [even, odd, third, fourth] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    even += a[aAt + i] * b[bAt + i];
    odd += a[aAt + i + 1] * b[bAt + i + 1];
    third += a[aAt + i + 2] * b[bAt + i + 2];
    fourth += a[aAt + i + 3] * b[bAt + i + 3];
  }
  for (; i < count; i++) even += a[aAt + i] * b[bAt + i];
  return even + odd + third + fourth;
}

/** a · bᵀ: every row of `a` times every row of `b`. */
export function times(a: Matrix, b: Matrix): Matrix {
  const out = zeros(a.rows, b.rows);
  addProducts(out, a, b, () => b.rows);
  return out;
}

/** Adds a · aᵀ to the lower triangle of `sum`, diagonal included; what is above it is left as something else. */
export function addGram(sum: Matrix, a: Matrix): void {
  addProducts(sum, a, a, (row) => row + 2);
}

/** Copies the lower triangle into the upper one. */
export function mirror({ data, rows }: Matrix): void {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < row; column++) data[column * rows + row] = data[row * rows + column];
  }
}

/** Adds a · bᵀ to `out`, in tiles of 2 × 4, whose sums stay in registers; of row r, the columns before `end(r)`. */
function addProducts(out: Matrix, a: Matrix, b: Matrix, end: (row: number) => number): void {
  const { data: x, columns: depth } = a;
  const { data: y } = b;
  const lastRow = a.rows - 1;
  const lastColumn = b.rows - 1;
  const store = (row: number, column: number, value: number) => {
    if (row <= lastRow && column <= lastColumn) out.data[row * out.columns + column] += value;
  };
  for (let row = 0; row < a.rows; row += 2) {
    const stop = Math.min(b.rows, end(row));
    for (let column = 0; column < stop; column += 4) {
      // Beyond the edges the last row and column are computed again, and not stored.
      const a0 = row * depth;
      const a1 = Math.min(row + 1, lastRow) * depth;
      const b0 = column * depth;
      const b1 = Math.min(column + 1, lastColumn) * depth;
      const b2 = Math.min(column + 2, lastColumn) * depth;
      const b3 = Math.min(column + 3, lastColumn) * depth;
      let [s00, s01, s02, s03, s10, s11, s12, s13] = [0, 0, 0, 0, 0, 0, 0, 0];
      for (let i = 0; i < depth; i++) {
        const x0 = x[a0 + i];
        const x1 = x[a1 + i];
        const y0 = y[b0 + i];
        const y1 = y[b1 + i];
        const y2 = y[b2 + i];
        const y3 = y[b3 + i];
        s00 += x0 * y0;
        s01 += x0 * y1;
        s02 += x0 * y2;
        s03 += x0 * y3;
        s10 += x1 * y0;
        s11 += x1 * y1;
        s12 += x1 * y2;
        s13 += x1 * y3;
      }
      store(row, column, s00);
      store(row, column + 1, s01);
      store(row, column + 2, s02);
      store(row, column + 3, s03);
      store(row + 1, column, s10);
      store(row + 1, column + 1, s11);
      store(row + 1, column + 2, s12);
      store(row + 1, column + 3, s13);
    }
  }
}
