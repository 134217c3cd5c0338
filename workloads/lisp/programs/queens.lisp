; How many ways n queens stand on a board, none attacking another.

(define safe?
  (lambda (column distance placed)
    (cond ((null? placed) t)
          ((= (car placed) column) nil)
          ((= (car placed) (+ column distance)) nil)
          ((= (car placed) (- column distance)) nil)
          (t (safe? column (+ distance 1) (cdr placed))))))

(define count-from
  (lambda (column rows n placed)
    (cond ((= rows 0) 1)
          ((= column n) 0)
          (t (+ (if (safe? column 1 placed)
                    (count-from 0 (- rows 1) n (cons column placed))
                    0)
                (count-from (+ column 1) rows n placed))))))

(define queens (lambda (n) (count-from 0 n n nil)))

(let ((n 1))
  (while (< n 6)
    (display n " queens: " (queens n) "\n")
    (set! n (+ n 1))))
