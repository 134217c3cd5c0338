; A pre-fork server: a table is built once, then workers use and change their copies of it.

(define build (lambda (n) (if (= n 0) nil (cons (cons n (number->string n)) (build (- n 1))))))
(define table (build 100))

(define look-up
  (lambda (n list) (cond ((null? list) nil) ((= (car (car list)) n) (car list)) (t (look-up n (cdr list))))))

(define serve
  (lambda (worker)
    (let ((request 1) (bytes 0))
      (while (< request 20)
        (let ((entry (look-up (* request 5) table))
              (answer (string-append "<" (cdr entry) ">")))
          (if (= (remainder request 4) worker) (set-cdr! entry answer) nil)
          (set! bytes (+ bytes (string-length answer))))
        (set! request (+ request 1)))
      (gc)
      bytes)))

(let ((worker 0))
  (while (< worker 3)
    (fork (lambda () (serve worker)))
    (set! worker (+ worker 1))))
(display "served here: " (serve 3) "\n")
(display (wait) " workers ended well\n")
