// Weights as signed bytes, for the peers' int8 models.

/** Each row of a matrix [rows × columns] in whole steps of its own scale, symmetric: values in [−127, 127]. */
export function quantizeRows(matrix, rows, columns) {
  const values = new Int8Array(matrix.length);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const from = row * columns;
    let largest = 0;
    for (let i = from; i < from + columns; i++) largest = Math.max(largest, Math.abs(matrix[i]));
    scales[row] = largest / 127 || 1;
    for (let i = from; i < from + columns; i++) values[i] = Math.round(matrix[i] / scales[row]);
  }
  return { values, scales };
}

/** A matrix [rows × columns] as [columns × rows]. */
export function transpose(matrix, rows, columns) {
  const turned = new matrix.constructor(matrix.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      turned[column * rows + row] = matrix[row * columns + column];
  }
  return turned;
}
