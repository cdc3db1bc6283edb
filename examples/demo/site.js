// What lies beside this page. `npm run build:demo` writes this file anew.

/** Whether models/deit-tiny-int8/ is there. */
export const deitTinyIsHere = false;
