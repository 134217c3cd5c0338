; Counts made-up words in a table of association lists: strings churn, the table grows and is cut.

(define state 42)
(define random
  (lambda (n)
    (set! state (remainder (+ (* state 1103515245) 12345) 2147483648))
    (remainder (quotient state 65536) n)))

(define syllables (make-vector 8))
(vector-set! syllables 0 "ka") (vector-set! syllables 1 "lo")
(vector-set! syllables 2 "mi") (vector-set! syllables 3 "ne")
(vector-set! syllables 4 "pu") (vector-set! syllables 5 "ra")
(vector-set! syllables 6 "si") (vector-set! syllables 7 "to")

(define word
  (lambda (n)
    (if (= n 0) "" (string-append (vector-ref syllables (random 8)) (word (- n 1))))))

(define find
  (lambda (word list)
    (cond ((null? list) nil)
          ((string=? (car (car list)) word) (car list))
          (t (find word (cdr list))))))

(define table (make-vector 16))

(define count
  (lambda (word)
    (let ((bucket (remainder (* (string-length word) 7) 16))
          (entry (find word (vector-ref table bucket))))
      (if entry
          (set-cdr! entry (+ (cdr entry) 1))
          (vector-set! table bucket (cons (cons word 1) (vector-ref table bucket)))))))

(define most
  (lambda (list best)
    (cond ((null? list) best)
          ((< (cdr best) (cdr (car list))) (most (cdr list) (car list)))
          (t (most (cdr list) best)))))

(define round
  (lambda (words)
    (while (< 0 words)
      (count (word (+ 1 (random 2))))
      (set! words (- words 1)))))

(let ((turn 0))
  (while (< turn 3)
    (round 90)
    (display "most frequent: " (most (vector-ref table 14) (cons "" 0)) "\n")
    (vector-set! table (random 16) nil)
    (set! turn (+ turn 1))))
